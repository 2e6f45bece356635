/**
 * include/uapi/linux/fs.h: renameat2(2) flags, seek origins, file attribute ioctls.
 */

export const RENAME_NOREPLACE = 1
export const RENAME_EXCHANGE = 2
export const RENAME_WHITEOUT = 4
export const SEEK_SET = 0
export const SEEK_CUR = 1
export const SEEK_END = 2
export const SEEK_DATA = 3
export const SEEK_HOLE = 4
export const FICLONE = 0x40049409
export const FS_IOC_GETFLAGS = 0x80086601
export const FS_IOC_SETFLAGS = 0x40086602
export const FS_IMMUTABLE_FL = 0x10
export const FS_APPEND_FL = 0x20
