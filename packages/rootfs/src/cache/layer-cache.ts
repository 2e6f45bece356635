import { join } from 'node:path'
import { close, ERRNO, RtError, symlinkat } from '@rt/sys'
import { type Digest, formatDigest } from '../digest/digest.js'
import { erofsLayer, type LayerForm } from '../erofs/layer-form.js'
import { erofsObstacle, refuseObstacle } from '../erofs/obstacle.js'
import { attempt, nul } from '../extract/calls.js'
import type { OverlayNamespace } from '../extract/overlay-marks.js'
import { CacheDirectory } from './cache-directory.js'
import type { CachedLayer, CacheLayer, CacheOptions, LayerStore } from './cached-layer.js'
import { LayerBatch } from './layer-batch.js'
import { type CacheForm, readLayer } from './layer-info.js'

/** Characters of a short name; more where two layers would share one. */
const SHORT = 8

/**
 * Layers, unpacked once each and kept in the form that overlay stacks.
 *
 *     layers/ALGORITHM/HEX/fs           the tree; HEX is there if it is complete, and only then
 *     layers/ALGORITHM/HEX/layer.json   {@link LayerInfo}
 *     erofs/ALGORITHM/HEX/layer.tar     the layer's archive, decompressed
 *     erofs/ALGORITHM/HEX/layer.erofs   its index, which Linux mounts; beside them a layer.json
 *     l/SHORT -> ../layers/…/fs         overlay's options hold 4096 bytes (256 each by fsconfig): long names don't fit
 *     locks/HEX                         while it is unpacked
 *     files/KEY                         the digest of a tar file, see FileDigests
 */
export class LayerCache implements LayerStore {
  readonly #directory: CacheDirectory

  constructor(
    readonly rootDir: string,
    readonly namespace: OverlayNamespace,
    readonly form: LayerForm = 'folders',
  ) {
    this.#directory = new CacheDirectory(rootDir)
  }

  /** Asked when layers are missing: it costs a mount. */
  get prefersErofs(): boolean {
    if (this.form === 'folders') return false
    this.make()
    return erofsObstacle(this.rootDir) === undefined
  }

  /**
   * The layers of an image, unpacking those that are missing.
   *
   * @param layers the lowest first
   * @returns the same order
   * @throws RtError RT_UNSUPPORTED if EROFS alone will do, and can't be had; whatever stops unpacking: the layers that were
   *   complete stay
   */
  async have(layers: readonly CacheLayer[], options: CacheOptions): Promise<CachedLayer[]> {
    // Also where all is there: who asks for EROFS alone isn't given folders in silence.
    if (this.form === 'erofs') {
      this.make()
      refuseObstacle(this.rootDir)
    }
    const found = layers.map(({ id }) => this.find(id))
    const missing = found.indexOf(undefined)
    for (const { archive } of missing < 0 ? layers : layers.slice(0, missing)) options.onBytes?.(archive.size ?? 0)
    if (missing < 0) return found as CachedLayer[]
    const batch = new LayerBatch(this, found.slice(0, missing) as CachedLayer[], options)
    try {
      for (const layer of layers.slice(missing)) await batch.add(layer)
    } finally {
      await batch.commit()
    }
    return layers.map(({ id }) => {
      const layer = this.find(id)
      if (!layer) throw new RtError('RT_NOT_FOUND', `layer ${formatDigest(id)} vanished from the cache`)
      return layer
    })
  }

  /** A layer, if it is there, and whole. @throws RtError if others could change the cache, or it is not for us to use */
  find(id: Digest): CachedLayer | undefined {
    // Who may not mount EROFS, or is not to, has no use for it. What is unpacked already does for all.
    const mayMount = this.form !== 'folders' && this.namespace === 'trusted.overlay.'
    return (mayMount ? this.#findForm(id, 'erofs') : undefined) ?? this.#findForm(id, 'folder')
  }

  #findForm(id: Digest, form: CacheForm): CachedLayer | undefined {
    const path = this.pathOf(id, form)
    const info = this.#directory.within(this.namesOf(id, form), (fd) => readLayer(fd, path, this.namespace, form))
    if (info === undefined || info === 'damaged') return undefined
    const short = this.#shortPath(id, form)
    return { ...info, layer: form === 'folder' ? short : erofsLayer(short) }
  }

  /** The directory of a layer, whether it is there or not. */
  pathOf(id: Digest, form: CacheForm): string {
    return join(this.rootDir, ...this.namesOf(id, form))
  }

  /** The names that lead to it. */
  namesOf({ algorithm, hex }: Digest, form: CacheForm): string[] {
    return [form === 'folder' ? 'layers' : 'erofs', algorithm, hex]
  }

  /** Makes a directory of the cache, unless it is there, and checks it. @returns its path */
  make(...names: string[]): string {
    close(this.#directory.make(...names))
    return join(this.rootDir, ...names)
  }

  /** Makes the short name if it is missing: it must not be lost when a crash came between. */
  #shortPath(id: Digest, form: CacheForm): string {
    const { hex } = id
    const target = join('..', ...this.namesOf(id, form), ...(form === 'folder' ? ['fs'] : []))
    const directory = this.#directory.make('l')
    try {
      for (let length = SHORT; length <= hex.length; length += 4) {
        const name = hex.slice(0, length)
        if (leadsTo(directory, name, target)) return join(this.rootDir, 'l', name)
      }
    } finally {
      close(directory)
    }
    throw new RtError('RT_UNSAFE', `cannot use the cache directory ${JSON.stringify(this.rootDir)}: "l" is damaged`, {
      origin: 'rootDir',
      hint: `remove ${JSON.stringify(join(this.rootDir, 'l'))}`,
    })
  }
}

/** Whether a name is a symlink to a target, made if there is nothing; another layer may have the name. */
function leadsTo(directory: number, name: string, target: string): boolean {
  const bytes = nul(name)
  const made = attempt('symlinkat', nul(target), directory, bytes)
  if (made < 0 && made !== -ERRNO.EEXIST) symlinkat(target, directory, name)
  const found = Buffer.alloc(target.length + 1)
  const length = attempt('readlinkat', directory, bytes, found, found.length)
  return length >= 0 && found.toString('latin1', 0, length) === target
}
