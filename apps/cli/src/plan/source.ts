import { closeSync, constants, openSync, statSync } from 'node:fs'
import type { RootLookup } from '@rt/chroot'
import { directoryTree, hostTree, overlayTree, readHostTree, type UserNamespace } from '@rt/mountns'
import type { StepList } from '@rt/program'
import { resolveSource, type Source } from '@rt/rootfs'
import { printable, RtError, textBytes } from '@rt/sys'
import { absolute, isInUtf8 } from '../arguments/own-bytes.js'
import type { ImageRequest } from '../image/root-of-image.js'
import type { ImageCommand } from '../options/command.js'
import { quote } from '../values/quote.js'
import { mountsBelow } from './mounts-below.js'
import { programOnPath } from './program-on-path.js'

/** What the container's root is made of. */
export interface RootSource {
  /** Saves `$tree`. */
  readonly tree: StepList
  /** The root as it will be, for looking up users and programs: its fd, or layers that only the container merges. */
  readonly view: number | RootLookup
  readonly image: ImageCommand
  /** What was mounted below SOURCE, where the tree doesn't include it. */
  readonly mounts: StepList
  /** What is made in the container's root, be it a place to mount on, stays on the host: SOURCE is a directory. */
  readonly stays: boolean
  /** `default`, or SOURCE. */
  readonly origin: string
  /** What could not be restored when an image was unpacked. */
  readonly warnings: readonly string[]
  /** A descriptor that keeps the image's layers: to be open until the container is gone. */
  readonly lease: number | undefined
  /** Close the view, and let go of the image. */
  close(): void
}

export interface SourceOptions extends ImageRequest {
  /** The container's user namespace. */
  readonly user: UserNamespace | undefined
  /** The root will be read-only. */
  readonly readOnly: boolean
}

/**
 * The root that SOURCE stands for. Looks at the host; an image that is new is unpacked into the cache.
 *
 * @param source absent: the host's own root
 * @throws RtError RT_NOT_FOUND, RT_WRONG_TYPE, RT_ARCHIVE, …: what @rt/rootfs throws
 */
export async function rootSource(source: string | undefined, options: SourceOptions): Promise<RootSource> {
  const { user, readOnly, ...preparing } = options
  const isPlainUser = user !== undefined && process.getuid?.() !== 0
  // Only root may have its files shown as another user's, and only the maps that it writes itself differ from it.
  const idmap = user?.how === 'supervisor'
  if (source === undefined) {
    const tree = isPlainUser ? hostTree(readHostTree()) : overlayTree({ lower: ['/'], idmap })
    const fd = openSync('/', 'r')
    return {
      tree,
      view: fd,
      image: {},
      mounts: null,
      stays: false,
      origin: 'default',
      warnings: [],
      lease: undefined,
      close: () => closeSync(fd),
    }
  }
  const resolved = resolve(source)
  const origin = `SOURCE ${printable(source)}`
  if (resolved.kind === 'host') return rootSource(undefined, options)
  if (resolved.kind === 'directory') {
    const { path } = resolved
    const { ephemeral = false } = preparing
    // A place to mount on that is missing is made. Where nothing may be made in SOURCE, it is made in the upper layer.
    const isLayer = ephemeral || readOnly
    const tree = isLayer
      ? overlayTree({ lower: [path], idmap, userxattr: isPlainUser, origin })
      : directoryTree(path, { idmap, origin })
    const fd = openSync(textBytes(path), constants.O_RDONLY | constants.O_DIRECTORY)
    const close = () => closeSync(fd)
    // What is thrown away can't be shown writable: with --ephemeral it is left out.
    const mounts = readOnly && !ephemeral ? mountsBelow(path, origin) : null
    return { tree, view: fd, image: {}, mounts, stays: !isLayer, origin, warnings: [], lease: undefined, close }
  }
  // Only here: it comes with decompression, hashes and threads.
  const { rootOfImage } = await import('../images.js')
  const { root, lease } = await rootOfImage(resolved, preparing).catch((error) => {
    throw resolved.kind === 'image' ? notPulled(resolved.name, error) : byTransport(source, error)
  })
  const { lower, userxattr, imageConfig, warnings } = root
  const view = root.openView()
  return {
    tree: overlayTree({ lower, idmap, userxattr, origin }),
    view: view.fd ?? view,
    image: imageConfig ?? {},
    mounts: null,
    stays: false,
    origin,
    warnings,
    lease: lease.fd,
    close() {
      root.dispose()
      lease.close()
    },
  }
}

/** An image by name: from the store, or from a registry. */
export interface ImageNamed {
  readonly kind: 'image'
  readonly name: string
}

/** An image in an archive, or in a directory as skopeo writes them, which is brought into the store. */
export interface ImageInArchive {
  readonly kind: 'archive'
  readonly path: string
  /** Of several, by the name that it has there. */
  readonly name: string | undefined
}

/** The transport by which skopeo and podman name what is in a registry. */
const DOCKER = 'docker://'

const DIR = 'dir:'

/** What begins so is a path, whether there is anything or not. */
const PATH = /^(\/|\.\.?(\/|$)|~)/

/** What may be in the name of an image: whether it is one says @rt/registry, which is not loaded yet. */
const NAME = /^[\w.:/@[\]-]+$/

/**
 * What SOURCE means: a directory or an archive that exists, else an image by name.
 *
 * @throws RtError as {@link rootSource}, with a hint if it is the name of a program
 */
export function resolve(source: string): Source | ImageNamed | ImageInArchive {
  if (source.startsWith(DOCKER)) return { kind: 'image', name: source.slice(DOCKER.length) }
  const [, archive] = /^(?:docker|oci)-archive:(.+)$/s.exec(source) ?? []
  if (archive !== undefined) return archiveOf(archive)
  if (source.startsWith(DIR)) return { kind: 'archive', path: absolute(source.slice(DIR.length)), name: undefined }
  try {
    return isInUtf8(source) ? resolveSource(source) : directoryOf(source)
  } catch (error) {
    const isMissing = RtError.isInstance(error) && error.kind === 'RT_NOT_FOUND'
    if (isMissing && NAME.test(source) && !PATH.test(source) && !TRANSPORT.test(source)) {
      return { kind: 'image', name: source }
    }
    throw byTransport(source, suggestProgram(source, error))
  }
}

/** An image where a root's files are expected: rt takes it, too, if it is told what it is. */
function byTransport(source: string, error: unknown): unknown {
  if (!RtError.isInstance(error) || error.kind !== 'RT_WRONG_TYPE') return error
  const [, transport] = /skopeo copy ((?:docker|oci)-archive|dir):/.exec(error.hint ?? '') ?? []
  if (transport === undefined) return error
  const hint = `rt run ${transport}:${source}`
  return new RtError(error.kind, error.message, { origin: error.origin, hint, cause: error })
}

/** `FILE[:NAME]`: names hold colons, and files may: only the file system tells. */
function archiveOf(text: string): ImageInArchive {
  for (let end = text.length; end > 0; end = text.lastIndexOf(':', end - 1)) {
    const path = absolute(text.slice(0, end))
    const name = text.slice(end + 1)
    if (statSync(textBytes(path), { throwIfNoEntry: false })?.isFile()) {
      return { kind: 'archive', path, name: name === '' ? undefined : name }
    }
  }
  throw new RtError('RT_NOT_FOUND', `no archive at ${quote(absolute(text))}`, { origin: 'SOURCE' })
}

/** Other ways to name an image, which are never names in a registry: `oci:DIR`, `docker-archive:FILE`. */
const TRANSPORT = /^(oci|oci-archive|docker-archive|docker-daemon|containers-storage|dir):/

/** Of other names than UTF-8 only a directory's goes through. */
function directoryOf(source: string): Source {
  const path = absolute(source)
  const status = statSync(textBytes(path), { throwIfNoEntry: false })
  if (status?.isDirectory()) return { kind: 'directory', path }
  const message = `${quote(path)} is not UTF-8, and no directory: an archive or image needs a name in UTF-8`
  throw new RtError('RT_INVALID_OPTION', message, { origin: 'SOURCE', hint: 'rename it, or make a symlink to it' })
}

/** What names no image may be the name of a program, or of a file that is elsewhere. */
function notPulled(name: string, error: unknown): unknown {
  if (!RtError.isInstance(error) || !NO_IMAGE.has(error.kind) || error.hint?.startsWith('rt pull')) {
    return suggestProgram(name, error)
  }
  const suggested = suggestProgram(name, error)
  if (suggested !== error) return suggested
  const place = JSON.stringify(absolute(name))
  const hint = `nor is there a directory or an archive at ${place}${error.hint === undefined ? '' : `; ${error.hint}`}`
  return new RtError(error.kind, error.message, { origin: 'SOURCE', hint, cause: error })
}

/** What asking for an image fails with that isn't there. */
const NO_IMAGE: ReadonlySet<string> = new Set(['RT_NOT_FOUND', 'RT_PERMISSION', 'RT_NETWORK'])

/** The program of that name is more likely meant as one. */
function suggestProgram(source: string, error: unknown): unknown {
  if (!RtError.isInstance(error) || !NO_IMAGE.has(error.kind)) return error
  const program = programOnPath(source)
  if (program === undefined) return error
  const hint = `to run the program ${program} on the host's files: rt run -- ${source}`
  return new RtError(error.kind, error.message, { origin: error.origin, hint, cause: error })
}
