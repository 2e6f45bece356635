/**
 * include/uapi/linux/mount.h: mount(2) and the fd-based mount API (fsopen(2), fsmount(2), open_tree(2),
 * move_mount(2), mount_setattr(2), statmount(2)).
 */

// mount(2)
export const MS_RDONLY = 1
export const MS_NOSUID = 2
export const MS_NODEV = 4
export const MS_NOEXEC = 8
export const MS_SYNCHRONOUS = 0x10
export const MS_REMOUNT = 0x20
export const MS_MANDLOCK = 0x40
export const MS_DIRSYNC = 0x80
export const MS_NOSYMFOLLOW = 0x100 // Linux 5.10
export const MS_NOATIME = 0x400
export const MS_NODIRATIME = 0x800
export const MS_BIND = 0x1000
export const MS_MOVE = 0x2000
export const MS_REC = 0x4000
export const MS_SILENT = 0x8000
export const MS_POSIXACL = 0x10000
export const MS_UNBINDABLE = 0x20000
export const MS_PRIVATE = 0x40000
export const MS_SLAVE = 0x80000
export const MS_SHARED = 0x100000
export const MS_RELATIME = 0x200000
export const MS_KERNMOUNT = 0x400000
export const MS_I_VERSION = 0x800000
export const MS_STRICTATIME = 0x1000000
export const MS_LAZYTIME = 0x2000000

// umount2(2); include/linux/fs.h
export const MNT_FORCE = 1
export const MNT_DETACH = 2
export const MNT_EXPIRE = 4
export const UMOUNT_NOFOLLOW = 8

// open_tree(2), Linux 5.2
export const OPEN_TREE_CLONE = 1
export const OPEN_TREE_CLOEXEC = 0x80000 // O_CLOEXEC

// move_mount(2), Linux 5.2
export const MOVE_MOUNT_F_SYMLINKS = 1
export const MOVE_MOUNT_F_AUTOMOUNTS = 2
export const MOVE_MOUNT_F_EMPTY_PATH = 4
export const MOVE_MOUNT_T_SYMLINKS = 0x10
export const MOVE_MOUNT_T_AUTOMOUNTS = 0x20
export const MOVE_MOUNT_T_EMPTY_PATH = 0x40
export const MOVE_MOUNT_SET_GROUP = 0x100 // Linux 5.15
export const MOVE_MOUNT_BENEATH = 0x200 // Linux 6.5

// fsopen(2)
export const FSOPEN_CLOEXEC = 1

// fspick(2)
export const FSPICK_CLOEXEC = 1
export const FSPICK_SYMLINK_NOFOLLOW = 2
export const FSPICK_NO_AUTOMOUNT = 4
export const FSPICK_EMPTY_PATH = 8

// fsconfig(2): commands, not bits
export const FSCONFIG_SET_FLAG = 0
export const FSCONFIG_SET_STRING = 1 // at most 256 bytes with the NUL
export const FSCONFIG_SET_BINARY = 2
export const FSCONFIG_SET_PATH = 3
export const FSCONFIG_SET_PATH_EMPTY = 4
export const FSCONFIG_SET_FD = 5
export const FSCONFIG_CMD_CREATE = 6
export const FSCONFIG_CMD_RECONFIGURE = 7
export const FSCONFIG_CMD_CREATE_EXCL = 8 // Linux 6.6

// fsmount(2)
export const FSMOUNT_CLOEXEC = 1

// attributes of a mount: fsmount(2), mount_setattr(2). The atime values are an enumeration within
// MOUNT_ATTR__ATIME.
export const MOUNT_ATTR_RDONLY = 1
export const MOUNT_ATTR_NOSUID = 2
export const MOUNT_ATTR_NODEV = 4
export const MOUNT_ATTR_NOEXEC = 8
export const MOUNT_ATTR__ATIME = 0x70
export const MOUNT_ATTR_RELATIME = 0
export const MOUNT_ATTR_NOATIME = 0x10
export const MOUNT_ATTR_STRICTATIME = 0x20
export const MOUNT_ATTR_NODIRATIME = 0x80
export const MOUNT_ATTR_IDMAP = 0x100000 // Linux 5.12, with userns_fd
export const MOUNT_ATTR_NOSYMFOLLOW = 0x200000 // Linux 5.14
export const MOUNT_ATTR_SIZE_VER0 = 32 // sizeof struct mount_attr

// statmount(2), Linux 6.8: what is asked for
export const STATMOUNT_SB_BASIC = 0x1
export const STATMOUNT_MNT_BASIC = 0x2
export const STATMOUNT_PROPAGATE_FROM = 0x4
export const STATMOUNT_MNT_ROOT = 0x8
export const STATMOUNT_MNT_POINT = 0x10
export const STATMOUNT_FS_TYPE = 0x20
export const STATMOUNT_MNT_NS_ID = 0x40 // Linux 6.11
export const STATMOUNT_MNT_OPTS = 0x80 // Linux 6.11
export const STATMOUNT_FS_SUBTYPE = 0x100 // Linux 6.13
export const STATMOUNT_SB_SOURCE = 0x200 // Linux 6.13
export const STATMOUNT_OPT_ARRAY = 0x400 // Linux 6.13
export const STATMOUNT_OPT_SEC_ARRAY = 0x800 // Linux 6.13
export const STATMOUNT_SUPPORTED_MASK = 0x1000 // Linux 6.15
export const STATMOUNT_MNT_UIDMAP = 0x2000 // Linux 6.15
export const STATMOUNT_MNT_GIDMAP = 0x4000 // Linux 6.15

// struct mnt_id_req and listmount(2)
export const MNT_ID_REQ_SIZE_VER0 = 24
export const MNT_ID_REQ_SIZE_VER1 = 32 // Linux 6.11: with mnt_ns_id
export const LISTMOUNT_REVERSE = 1 // Linux 6.12
export const LSMT_ROOT = 0xffffffffffffffffn // the root of the mount namespace

/** Bytes that fsconfig(2) takes for a string, the NUL included (fs/fsopen.c). */
export const FSCONFIG_STRING_SIZE = 256
/** Lower layers of an overlay (fs/overlayfs/params.h). */
export const OVL_MAX_STACK = 500
