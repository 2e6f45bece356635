import { O_PATH, openat2, RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS, SyscallError } from '@rt/sys'

/**
 * A root that is no directory of the host: layers of an image that nobody has merged. `open` opens a path as it leads in
 * that root; undefined if there is nothing. RootView of @rt/rootfs is one.
 */
export interface RootLookup {
  open(path: string, flags: number): number | undefined
}

/**
 * The O_PATH fd of a path beneath a root: symlinks lead where they would lead a process in that root, magic links of a
 * procfs nowhere. Nothing is opened but the place: a device does not notice, a fifo does not block. A look at the host.
 *
 * @param rootFd fd of the root directory
 * @returns the caller's to close; undefined if there is nothing there
 * @throws SyscallError ELOOP for a magic link, ENOTDIR, EACCES, …
 */
export function openPathInRoot(rootFd: number, path: string | Uint8Array): number | undefined {
  try {
    return openat2(rootFd, path, { flags: O_PATH, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS })
  } catch (error) {
    if (SyscallError.isInstance(error) && error.code === 'ENOENT') return undefined
    throw error
  }
}
