/**
 * include/uapi/linux/prctl.h: the operations of prctl(2), an enumeration.
 */

export const PR_SET_PDEATHSIG = 1 // follows the thread that forked, not its process
export const PR_GET_PDEATHSIG = 2
export const PR_GET_DUMPABLE = 3
export const PR_SET_DUMPABLE = 4
export const PR_GET_KEEPCAPS = 7
export const PR_SET_KEEPCAPS = 8
export const PR_SET_NAME = 15
export const PR_GET_NAME = 16
export const PR_GET_SECCOMP = 21
export const PR_SET_SECCOMP = 22
export const PR_CAPBSET_READ = 23
export const PR_CAPBSET_DROP = 24
export const PR_GET_SECUREBITS = 27
export const PR_SET_SECUREBITS = 28
export const PR_SET_TIMERSLACK = 29
export const PR_GET_TIMERSLACK = 30
export const PR_SET_MM = 35
export const PR_SET_CHILD_SUBREAPER = 36
export const PR_GET_CHILD_SUBREAPER = 37
export const PR_SET_NO_NEW_PRIVS = 38
export const PR_GET_NO_NEW_PRIVS = 39
export const PR_SET_THP_DISABLE = 41
export const PR_GET_THP_DISABLE = 42
export const PR_CAP_AMBIENT = 47
export const PR_SET_SPECULATION_CTRL = 53
export const PR_GET_SPECULATION_CTRL = 52
export const PR_SET_IO_FLUSHER = 57
export const PR_GET_IO_FLUSHER = 58
export const PR_SET_MDWE = 65 // Linux 6.3
export const PR_GET_MDWE = 66
export const PR_SET_MEMORY_MERGE = 67 // Linux 6.4
export const PR_GET_MEMORY_MERGE = 68

// second argument of PR_CAP_AMBIENT
export const PR_CAP_AMBIENT_IS_SET = 1
export const PR_CAP_AMBIENT_RAISE = 2
export const PR_CAP_AMBIENT_LOWER = 3
export const PR_CAP_AMBIENT_CLEAR_ALL = 4

// arguments of PR_SET_SPECULATION_CTRL
export const PR_SPEC_STORE_BYPASS = 0
export const PR_SPEC_INDIRECT_BRANCH = 1
export const PR_SPEC_L1D_FLUSH = 2
export const PR_SPEC_PRCTL = 1
export const PR_SPEC_ENABLE = 2
export const PR_SPEC_DISABLE = 4
export const PR_SPEC_FORCE_DISABLE = 8
export const PR_SPEC_DISABLE_NOEXEC = 0x10
