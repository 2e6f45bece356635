/**
 * include/uapi/linux/limits.h: sizes that the kernel fixes.
 */

export const PATH_MAX = 4096 // with the NUL
export const NAME_MAX = 255 // without the NUL
export const NGROUPS_MAX = 65536
export const ARG_MAX = 131072 // historical; the real limit is a quarter of the stack limit
export const PIPE_BUF = 4096
export const XATTR_NAME_MAX = 255
export const XATTR_SIZE_MAX = 65536
export const XATTR_LIST_MAX = 65536

// include/uapi/linux/binfmts.h: one string of argv or envp
export const MAX_ARG_STRLEN = 131072
