import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { AT_FDCWD, O_DIRECTORY, O_PATH, type OptionKeys, openat, RtError, refuseUnknownOptions } from '@rt/sys'
import type { CacheLayer } from '../cache/cached-layer.js'
import { FileDigests } from '../cache/file-digests.js'
import { LayerCache } from '../cache/layer-cache.js'
import { checkRootDir, defaultRootDir } from '../cache/root-directory.js'
import { visible } from '../cache/visible.js'
import { formatDigest } from '../digest/digest.js'
import { checkLayerForm, type LayerForm } from '../erofs/layer-form.js'
import type { ErofsLayer } from '../erofs/mount-erofs.js'
import { type Limits, withDefaults } from '../extract/limits.js'
import { openImage } from '../oci/image.js'
import type { ImageConfig } from '../oci/image-config.js'
import type { Platform } from '../oci/platform.js'
import { refuseImageArchive } from '../source/image-archive.js'
import { resolveSource } from '../source/resolve.js'
import type { Source } from '../source/source.js'
import type { ComingBlob } from '../unpack/archive.js'
import { type OnProgress, ProgressMeter } from '../unpack/progress.js'
import { checkLayerCount } from './overlay-mount.js'
import { overlayNamespace } from './overlay-namespace.js'
import { directoryView, type OpenView, openLayers, type RootView } from './root-view.js'

export interface PrepareOptions {
  /** A directory is left as it is: it becomes a layer below a writable one. Images and tar files always are. */
  readonly ephemeral?: boolean
  /** Where layers are kept; absolute. Default: /var/lib/rt for root, else $XDG_DATA_HOME/rt. */
  readonly rootDir?: string
  readonly limits?: Partial<Limits>
  /**
   * How layers are kept: `folders` (default) unpacks them; `erofs` keeps each tar as it is, with an index that Linux mounts (6.12, for
   * root); `auto` does that where it can be mounted, and for layers that an index can describe.
   */
  readonly layers?: LayerForm
  /** Which of an image's manifests. Default: this machine's platform. */
  readonly platform?: Platform
  /**
   * Told which layers will be used, by their names in the cache (`sha256:…`: ChainIDs, or the digest of a tar file), before
   * they are looked for: whoever removes layers from the cache must let these be, as long as the root is used.
   */
  readonly onLayers?: (ids: readonly string[]) => void
  /**
   * Layers of an image that are still being downloaded, by digest (`sha256:…`): they are read as they come. What the
   * download fails with ends the preparation.
   */
  readonly coming?: (digest: string) => ComingBlob | undefined
  /** What it throws ends the preparation, and is thrown. */
  readonly onProgress?: OnProgress
  /** Stops it: the signal's reason is thrown (by default an error named AbortError). */
  readonly signal?: AbortSignal
}

/** What a container's root is made of. */
export interface RootFilesystem extends Disposable {
  readonly kind: Source['kind']
  /** A directory that is the root, and is written to; undefined if the root is an overlay of `lower`. */
  readonly directory: string | undefined
  /**
   * What overlay is to stack below a writable directory, topmost first: directories, and tars that are mounted. Paths of the
   * cache are short.
   */
  readonly lower: readonly (string | ErofsLayer)[]
  /** Whether overlay must be mounted with `userxattr`: the layers' marks are `user.overlay.*`. */
  readonly userxattr: boolean
  /** How an image says it is run; undefined for what is no image. */
  readonly imageConfig: ImageConfig | undefined
  /** What could not be restored when the layers were unpacked. */
  readonly warnings: readonly string[]
  /** Opens the whole root, read-only, for look-ups; close it, or {@link dispose} does. */
  openView(): RootView
  /** Closes the views that are open; `using` does it. */
  dispose(): void
}

const OPTIONS: OptionKeys<PrepareOptions> = {
  ephemeral: true,
  rootDir: true,
  limits: true,
  layers: true,
  platform: true,
  onLayers: true,
  coming: true,
  onProgress: true,
  signal: true,
}

/**
 * Makes a source ready to be a container's root: layers that are not in the cache are unpacked.
 *
 * @param source as `rt run` takes it (undefined: the host's root), or one that is resolved
 * @throws RtError as {@link resolveSource}, {@link openImage} and {@link unpack} have them
 */
export async function prepare(source?: string | Source, options: PrepareOptions = {}): Promise<RootFilesystem> {
  refuseUnknownOptions('prepare', options, OPTIONS)
  const limits = withDefaults(options.limits)
  const form = checkLayerForm(options.layers ?? 'folders')
  const resolved = typeof source === 'object' ? source : resolveSource(source)
  if (resolved.kind === 'host') return ofDirectories('host', undefined, ['/'])
  if (resolved.kind === 'directory') {
    return options.ephemeral
      ? ofDirectories('directory', undefined, [resolved.path])
      : ofDirectories('directory', resolved.path, [])
  }
  // Only now: a user without a home directory can do without a cache, too.
  const rootDir = checkRootDir(resolve(options.rootDir ?? defaultRootDir()))
  const { layers, config } = await layersOf(resolved, rootDir, options)
  options.onLayers?.(layers.map(({ id }) => formatDigest(id)))
  const namespace = overlayNamespace()
  const total = layers.reduce((sum, { archive }) => sum + (archive.size ?? 0), 0)
  const meter = new ProgressMeter('unpack', total, options.onProgress)
  const cached = await new LayerCache(rootDir, namespace, form).have(layers, {
    limits,
    keepOwners: process.geteuid?.() === 0,
    signal: options.signal,
    onBytes: meter.add,
    onWait: () => options.onProgress?.({ phase: 'wait', done: 0, total }),
  })
  const stack = visible(cached)
  const lower = stack.map(({ layer }) => layer)
  return withViews({
    kind: resolved.kind,
    directory: undefined,
    lower,
    userxattr: namespace === 'user.overlay.',
    imageConfig: config,
    warnings: stack.flatMap(({ warnings }) => warnings),
    open: () => openLayers(lower, namespace),
  })
}

async function layersOf(
  source: Source & { kind: 'tar' | 'oci' },
  rootDir: string,
  { platform, signal, onProgress, coming }: PrepareOptions,
): Promise<{ layers: CacheLayer[]; config: ImageConfig | undefined }> {
  if (source.kind === 'oci') {
    const { layers, config } = await openImage(source.path, source, platform)
    if (layers.length === 0) throw new RtError('RT_ARCHIVE', `image ${JSON.stringify(source.path)} has no layers`)
    checkLayerCount(layers.length, source.path)
    return {
      layers: layers.map((layer) => ({
        id: layer.chainId,
        archive: { ...layer, coming: coming?.(formatDigest(layer.digest)) },
        endMark: 'optional',
      })),
      config,
    }
  }
  const { path } = source
  const meter = new ProgressMeter('hash', statSync(path).size, onProgress)
  const { digest, size } = await new FileDigests(rootDir).of(path, signal, meter.add)
  const check = (directory: string) => refuseImageArchive(directory, source)
  return { layers: [{ id: digest, archive: { path, size, digest }, endMark: 'required', check }], config: undefined }
}

function ofDirectories(kind: Source['kind'], directory: string | undefined, lower: string[]): RootFilesystem {
  const path = directory ?? (lower[0] as string)
  const open = () => directoryView(openat(AT_FDCWD, path, O_PATH | O_DIRECTORY))
  return withViews({ kind, directory, lower, userxattr: false, imageConfig: undefined, warnings: [], open })
}

/** Adds the views, and closes those that are open in the end. */
function withViews(
  root: Omit<RootFilesystem, 'openView' | 'dispose' | typeof Symbol.dispose> & { open: () => OpenView },
): RootFilesystem {
  const { open, ...rest } = root
  const views = new Set<RootView>()
  const dispose = () => {
    for (const view of views) view.close()
  }
  return {
    ...rest,
    openView() {
      const opened = open()
      const view: RootView = {
        ...opened,
        close() {
          if (views.delete(view)) opened.close()
        },
        [Symbol.dispose]: () => view.close(),
      }
      views.add(view)
      return view
    },
    dispose,
    [Symbol.dispose]: dispose,
  }
}
