/**
 * include/uapi/asm-generic/mman.h: mmap(2).
 */

export const PROT_READ = 1
export const PROT_WRITE = 2
export const PROT_EXEC = 4
export const PROT_NONE = 0
export const MAP_SHARED = 1
export const MAP_PRIVATE = 2
export const MAP_FIXED = 0x10
export const MAP_ANONYMOUS = 0x20
export const MAP_FIXED_NOREPLACE = 0x100000
export const MADV_DONTNEED = 4
