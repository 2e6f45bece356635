/**
 * include/uapi/linux/xattr.h and limits.h: extended attributes.
 */

export const XATTR_CREATE = 1
export const XATTR_REPLACE = 2
