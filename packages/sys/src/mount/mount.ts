import { boolean, integer, oneOf } from '../native/arguments.js'
import { cString, type Path } from '../native/path.js'
import { syscall } from '../native/syscall.js'
import { MS_BIND, MS_MOVE, MS_PRIVATE, MS_REC, MS_REMOUNT, MS_SHARED, MS_SLAVE, MS_UNBINDABLE } from '../uapi/mount.js'

/** What mounts made beneath one copy of a mount do to the other copies: mount_namespaces(7). */
export type Propagation = 'private' | 'shared' | 'slave' | 'unbindable'

const PROPAGATION: Readonly<Record<Propagation, number>> = {
  private: MS_PRIVATE,
  shared: MS_SHARED,
  slave: MS_SLAVE,
  unbindable: MS_UNBINDABLE,
}

/** The MS_* bit of a kind of propagation, for mount(2) and for mount_attr's field. */
export const propagationFlag = (propagation: Propagation): number => oneOf(PROPAGATION, propagation, 'propagation')

const recursion = (recursive: boolean): number => (boolean(recursive, 'recursive') ? MS_REC : 0)

/**
 * `mount(source, target, type, flags, data)`: mount a file system. mount(2).
 *
 * @param source device or, for a file system without one, the name that mount tables show
 * @param type `tmpfs`, `proc`, …: a name of /proc/filesystems
 * @param flags MS_*: the mount's attributes (MS_RDONLY, MS_NOSUID, …)
 * @param data the file system's own options, separated by commas; at most 4095 bytes
 * @throws SyscallError EPERM without CAP_SYS_ADMIN over the mount namespace, ENODEV for a type that the kernel lacks,
 *   EINVAL for an option that the type does not know, ENOENT, ENOTDIR, EBUSY, ENOSPC at the limit of mounts
 */
export function mount(source: Path | null, target: Path, type: string, flags = 0, data: Path | null = null): void {
  const [from, options] = [source === null ? null : cString(source), data === null ? null : cString(data)]
  syscall('mount', from, cString(target), cString(type), flags, options)
}

/**
 * `mount(source, target, NULL, MS_BIND, NULL)`: make a directory or file visible at a second place. Attributes are those
 * of the source's mount: a read-only bind takes a {@link mountRemount} (or mount_setattr) afterwards. mount(2).
 *
 * @param recursive with the mounts beneath (MS_REC)
 * @throws SyscallError ENOTDIR if one is a directory and the other is not, EINVAL without MS_REC for a tree that holds
 *   locked mounts of a more privileged namespace, EPERM, ENOENT
 */
export function mountBind(source: Path, target: Path, recursive = false): void {
  syscall('mount', cString(source), cString(target), null, MS_BIND | recursion(recursive), null)
}

/**
 * `mount(NULL, target, NULL, MS_REMOUNT|flags, data)`: change a mount's attributes, or, without MS_BIND, its file
 * system's options too. All flags that shall stay must be given. mount(2).
 *
 * @param flags MS_BIND for this mount alone, and every attribute that it shall have
 * @throws SyscallError EPERM for clearing a flag that a more privileged namespace locked, EBUSY for files open for
 *   writing, EINVAL if the target is no mount point
 */
export function mountRemount(target: Path, flags: number, data: Path | null = null): void {
  syscall(
    'mount',
    null,
    cString(target),
    null,
    MS_REMOUNT | integer(flags, 'flags'),
    data === null ? null : cString(data),
  )
}

/**
 * `mount(NULL, target, NULL, MS_PRIVATE, NULL)`: choose how mounts propagate to and from this one. mount(2).
 *
 * @param recursive for all mounts beneath as well (MS_REC)
 * @throws SyscallError EINVAL if the target is no mount point
 */
export function mountChange(target: Path, propagation: Propagation, recursive = false): void {
  syscall('mount', null, cString(target), null, propagationFlag(propagation) | recursion(recursive), null)
}

/**
 * `mount(source, target, NULL, MS_MOVE, NULL)`: move a mount with all beneath it, in one step. mount(2).
 *
 * @throws SyscallError EINVAL if the source is no mount point or its parent is shared, ELOOP if the target is beneath
 *   the source
 */
export function mountMove(source: Path, target: Path): void {
  syscall('mount', cString(source), cString(target), null, MS_MOVE, null)
}

/**
 * `umount2(target, flags)`: take a mount away. umount(2).
 *
 * @param flags MNT_DETACH lets it go once it is unused, UMOUNT_NOFOLLOW refuses a symlink, MNT_FORCE, MNT_EXPIRE
 * @throws SyscallError EBUSY if it is in use, EINVAL if it is no mount point or is locked by a more privileged namespace
 */
export function umount2(target: Path, flags = 0): void {
  syscall('umount2', cString(target), flags)
}
