import { integer } from '../native/arguments.js'
import { cString, type Path } from '../native/path.js'
import { syscall } from '../native/syscall.js'

import { MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH, OPEN_TREE_CLOEXEC } from '../uapi/mount.js'

/**
 * `open_tree(directory, path, OPEN_TREE_CLOEXEC|flags)`: an fd of a mount, or, with OPEN_TREE_CLONE, of a detached copy
 * that belongs to no mount namespace until move_mount attaches it. open_tree(2), Linux 5.2.
 *
 * @param directory where a relative path starts: an fd or AT_FDCWD
 * @param path `''` with AT_EMPTY_PATH for the directory itself
 * @param flags OPEN_TREE_CLONE, AT_RECURSIVE (with the mounts beneath), AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW
 * @returns an O_PATH fd, close-on-exec; closing it takes a copy away that was not attached
 * @throws SyscallError EPERM without CAP_SYS_ADMIN, EINVAL for a clone of what is not in this mount namespace or holds
 *   locked mounts (then AT_RECURSIVE), ENOENT, ENOSPC at the limit of mounts
 */
export function openTree(directory: number, path: Path, flags = 0): number {
  return syscall('open_tree', directory, cString(path), OPEN_TREE_CLOEXEC | integer(flags, 'flags'))
}

/**
 * `move_mount(fromDirectory, fromPath, toDirectory, toPath, flags)`: attach a detached mount, or move an attached one.
 * move_mount(2), Linux 5.2.
 *
 * @param flags MOVE_MOUNT_F_EMPTY_PATH and MOVE_MOUNT_T_EMPTY_PATH when a path is `''` (the fd itself);
 *   MOVE_MOUNT_BENEATH (6.5), MOVE_MOUNT_SET_GROUP (5.15)
 * @throws SyscallError ENOTDIR if one is a directory and the other is not, EINVAL if the target is in another mount
 *   namespace or the source's parent is shared, ELOOP if the target is beneath the source, EPERM
 */
export function moveMount(fromDirectory: number, fromPath: Path, toDirectory: number, toPath: Path, flags = 0): void {
  syscall('move_mount', fromDirectory, cString(fromPath), toDirectory, cString(toPath), flags)
}

/**
 * `move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)`: attach a mount by its fd on what
 * another fd stands for. No path is resolved, so nothing can be swapped in between. move_mount(2), Linux 5.2.
 *
 * @throws SyscallError as {@link moveMount}
 */
export function attachMount(tree: number, target: number): void {
  syscall('move_mount', tree, '', target, '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)
}
