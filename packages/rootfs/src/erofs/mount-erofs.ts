import {
  close,
  fsconfigCreate,
  fsconfigFlag,
  fsconfigString,
  fsmount,
  fsopen,
  MOUNT_ATTR_RDONLY,
  O_DIRECTORY,
  O_RDONLY,
  openat,
} from '@rt/sys'

/** A layer that is not unpacked: its tar, and the index of it that Linux mounts. */
export interface ErofsLayer {
  /** Absolute path of the EROFS image. */
  readonly index: string
  /** Absolute path of the tar. */
  readonly content: string
}

/**
 * A layer as a mount that is attached nowhere: it is gone with its fd. Never by mount(8), which would make a block device
 * of the file.
 *
 * @returns an fd of its root, as O_PATH gives it
 * @throws SyscallError ENOTBLK where this kernel mounts no files (before 6.12), or not those of this file system; EPERM
 */
export function mountErofs({ index, content }: ErofsLayer): number {
  const context = fsopen('erofs')
  try {
    fsconfigString(context, 'source', index)
    fsconfigString(context, 'device', content)
    fsconfigFlag(context, 'ro')
    fsconfigCreate(context)
    return fsmount(context, MOUNT_ATTR_RDONLY)
  } finally {
    close(context)
  }
}

/** The root of a layer, to be read: what fsmount(2) gives only names it. @returns an fd, the caller's to close */
export function openErofs(layer: ErofsLayer): number {
  const root = mountErofs(layer)
  try {
    return openat(root, '.', O_RDONLY | O_DIRECTORY)
  } finally {
    close(root)
  }
}
