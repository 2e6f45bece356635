/**
 * include/uapi/linux/memfd.h: memfd_create(2).
 */

export const MFD_CLOEXEC = 1
export const MFD_ALLOW_SEALING = 2
export const MFD_HUGETLB = 4
export const MFD_NOEXEC_SEAL = 8 // Linux 6.3
export const MFD_EXEC = 16 // Linux 6.3
