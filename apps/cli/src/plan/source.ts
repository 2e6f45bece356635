import { closeSync, constants, openSync } from 'node:fs'
import type { RootLookup } from '@rt/chroot'
import { directoryTree, hostTree, overlayTree, readHostTree, type UserNamespace } from '@rt/mountns'
import type { StepList } from '@rt/program'
import { type PrepareOptions, resolveSource, type Source } from '@rt/rootfs'
import { RtError } from '@rt/sys'
import type { ImageCommand } from '../options/command.js'
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
  /** Close the view, and let go of the image. */
  close(): void
}

export interface SourceOptions extends PrepareOptions {
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
      close: () => closeSync(fd),
    }
  }
  const resolved = resolve(source)
  const origin = `SOURCE ${source}`
  if (resolved.kind === 'host') return rootSource(undefined, options)
  if (resolved.kind === 'directory') {
    const { path } = resolved
    const { ephemeral = false } = preparing
    // A place to mount on that is missing is made. Where nothing may be made in SOURCE, it is made in the upper layer.
    const isLayer = ephemeral || readOnly
    const tree = isLayer
      ? overlayTree({ lower: [path], idmap, userxattr: isPlainUser, origin })
      : directoryTree(path, { idmap, origin })
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
    const close = () => closeSync(fd)
    // What is thrown away can't be shown writable: with --ephemeral it is left out.
    const mounts = readOnly && !ephemeral ? mountsBelow(path, origin) : null
    return { tree, view: fd, image: {}, mounts, stays: !isLayer, origin, warnings: [], close }
  }
  // Only here: it comes with decompression, hashes and threads.
  const { prepare } = await import('../images.js')
  const root = await prepare(resolved, preparing)
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
    close: () => root.dispose(),
  }
}

/** What SOURCE means. @throws RtError as {@link rootSource}, with a hint if it is the name of a program */
export function resolve(source: string): Source {
  try {
    return resolveSource(source)
  } catch (error) {
    throw suggestProgram(source, error)
  }
}

/** The program of that name is more likely meant as one. */
function suggestProgram(source: string, error: unknown): unknown {
  if (!RtError.isInstance(error) || error.kind !== 'RT_NOT_FOUND') return error
  const program = programOnPath(source)
  if (program === undefined) return error
  const hint = `to run the program ${program} on the host's files: rt run -- ${source}`
  return new RtError(error.kind, error.message, { origin: error.origin, hint, cause: error })
}
