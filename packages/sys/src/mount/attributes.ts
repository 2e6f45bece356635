import { integer, object, word } from '../native/arguments.js'
import { cString, type Path } from '../native/path.js'
import { syscall } from '../native/syscall.js'
import { encodeStruct } from '../structs.js'
import { MOUNT_ATTR__ATIME, MOUNT_ATTR_IDMAP, MOUNT_ATTR_SIZE_VER0 } from '../uapi/mount.js'
import { type Propagation, propagationFlag } from './mount.js'

/** What {@link mountSetattr} changes. */
export interface MountAttributes {
  /** MOUNT_ATTR_* that the mounts get. */
  readonly set?: number | bigint
  /** MOUNT_ATTR_* that they lose. For a new atime mode, which is an enumeration, the old one is cleared by itself. */
  readonly clear?: number | bigint
  readonly propagation?: Propagation
  /** An fd of a user namespace by whose id maps files are seen (sets MOUNT_ATTR_IDMAP): only for detached mounts. */
  readonly userNamespace?: number
}

/**
 * `mount_setattr(directory, path, flags, &attr, sizeof(attr))`: change attributes of a mount, or of a whole tree at once
 * (all or none). mount_setattr(2), Linux 5.12; MOUNT_ATTR_NOSYMFOLLOW 5.14.
 *
 * @param flags AT_RECURSIVE, AT_EMPTY_PATH (path `''`: the fd itself), AT_SYMLINK_NOFOLLOW
 * @throws SyscallError EPERM for clearing what a more privileged namespace locked, EBUSY for read-only with files open
 *   for writing, EINVAL if the path is no mount's root or a file system can't be id-mapped
 */
export function mountSetattr(directory: number, path: Path, flags: number, attributes: MountAttributes): void {
  const { set: given = 0, clear = 0 } = object(attributes, 'attributes')
  const set =
    BigInt(word(given, 'attributes.set')) | (attributes.userNamespace === undefined ? 0n : BigInt(MOUNT_ATTR_IDMAP))
  // The kernel wants the whole field cleared before a mode is set in it.
  const atime = set & BigInt(MOUNT_ATTR__ATIME) ? BigInt(MOUNT_ATTR__ATIME) : 0n
  const attr = encodeStruct('mount_attr', {
    attr_set: set,
    attr_clr: BigInt(word(clear, 'attributes.clear')) | atime,
    propagation: attributes.propagation === undefined ? 0 : propagationFlag(attributes.propagation),
    userns_fd:
      attributes.userNamespace === undefined ? 0 : integer(attributes.userNamespace, 'attributes.userNamespace'),
  })
  syscall('mount_setattr', directory, cString(path), flags, attr, MOUNT_ATTR_SIZE_VER0)
}
