import { AT_FDCWD, close, O_DIRECTORY, O_PATH, O_RDONLY, openat, SyscallError } from '@rt/sys'
import { type ErofsLayer, mountErofs, openErofs } from '../erofs/mount-erofs.js'
import { nul, openInRoot, openInRootError } from '../extract/calls.js'
import type { OverlayNamespace } from '../extract/overlay-marks.js'
import { MergedView } from '../layers/merged-view.js'
import { encodeByteString } from '../tar/byte-string.js'
import { mountOverlay } from './overlay-mount.js'

/** A root filesystem to look into before there is a container: for users by name, and to find the command. */
export interface RootView extends Disposable {
  /**
   * fd (O_PATH) of a directory that shows the whole root: to be searched by openat2(2) with RESOLVE_IN_ROOT. Undefined
   * where several layers can't be merged into one, for want of the privilege to mount: then there is only `open`.
   */
  readonly fd: number | undefined
  /**
   * Opens a path in the root; symlinks are followed, as they lead in the root.
   *
   * @param path `/etc/passwd`
   * @param flags of open(2): O_RDONLY, O_PATH, with O_NONBLOCK for what may be a fifo; O_CLOEXEC is added
   * @returns an fd, the caller's to close; undefined if there is no such path
   * @throws SyscallError, RtError RT_WRONG_TYPE, RT_UNSAFE
   */
  open(path: string, flags: number): number | undefined
  /** Once or again; `using` does it. */
  close(): void
}

/** A view whose owner sees to it that it is closed once: see prepare.ts. */
export type OpenView = Omit<RootView, typeof Symbol.dispose>

/** The view of one directory: itself. */
export function directoryView(fd: number): OpenView {
  return {
    fd,
    open(path, flags) {
      const relative = encodeByteString(path).replace(/^\/+/, '')
      const bytes = nul(relative === '' ? '.' : relative)
      const found = openInRoot(fd, bytes, flags, 0)
      if (found >= 0) return found
      const error = openInRootError(found, fd, bytes)
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
      throw error
    },
    close: () => close(fd),
  }
}

/** The view of layers that are not merged by the kernel. */
function layeredView(layers: readonly Layer[], namespace: OverlayNamespace): OpenView {
  const fds = layers.map(openLayer)
  const merged = new MergedView(fds, namespace)
  return {
    fd: undefined,
    open: (path, flags) => merged.open(encodeByteString(path), flags),
    close() {
      for (const fd of fds) close(fd)
    },
  }
}

/** What overlay stacks. */
export type Layer = string | ErofsLayer

const openLayer = (layer: Layer): number =>
  typeof layer === 'string' ? openat(AT_FDCWD, layer, O_RDONLY | O_DIRECTORY) : openErofs(layer)

/**
 * Opens a view of layers.
 *
 * @param layers topmost first
 */
export function openLayers(layers: readonly Layer[], namespace: OverlayNamespace): OpenView {
  const [only, ...more] = layers
  if (more.length === 0) {
    return directoryView(typeof only === 'string' ? openat(AT_FDCWD, only, O_PATH | O_DIRECTORY) : openErofs(only!))
  }
  const mounted: number[] = []
  try {
    const paths = layers.map((layer) => {
      if (typeof layer === 'string') return layer
      const fd = mountErofs(layer)
      mounted.push(fd)
      return `/proc/self/fd/${fd}`
    })
    if (namespace === 'trusted.overlay.') return directoryView(mountOverlay(paths))
  } catch (error) {
    // Not allowed, or too many for this kernel's option: then the layers are searched one by one.
    if (!SyscallError.isInstance(error) || !['EPERM', 'EINVAL', 'ENODEV'].includes(error.code)) throw error
  } finally {
    // The overlay holds what it stacks.
    for (const fd of mounted) close(fd)
  }
  return layeredView(layers, namespace)
}
