/**
 * include/uapi/linux/sched.h: clone(2), clone3(2), unshare(2), setns(2) and the scheduling policies.
 */

export const CSIGNAL = 0xff // the low byte of clone's flags is the exit signal
export const CLONE_VM = 0x100
export const CLONE_FS = 0x200
export const CLONE_FILES = 0x400
export const CLONE_SIGHAND = 0x800
export const CLONE_PIDFD = 0x1000 // Linux 5.2
export const CLONE_PTRACE = 0x2000
export const CLONE_VFORK = 0x4000
export const CLONE_PARENT = 0x8000
export const CLONE_THREAD = 0x10000
export const CLONE_NEWNS = 0x20000
export const CLONE_SYSVSEM = 0x40000
export const CLONE_SETTLS = 0x80000
export const CLONE_PARENT_SETTID = 0x100000
export const CLONE_CHILD_CLEARTID = 0x200000
export const CLONE_UNTRACED = 0x800000
export const CLONE_CHILD_SETTID = 0x1000000
export const CLONE_NEWCGROUP = 0x2000000 // Linux 4.6
export const CLONE_NEWUTS = 0x4000000
export const CLONE_NEWIPC = 0x8000000
export const CLONE_NEWUSER = 0x10000000
export const CLONE_NEWPID = 0x20000000
export const CLONE_NEWNET = 0x40000000
export const CLONE_IO = 0x80000000

// clone3(2) only; beyond 32 bits, so these are bigints
export const CLONE_CLEAR_SIGHAND = 0x100000000n // Linux 5.5
export const CLONE_INTO_CGROUP = 0x200000000n // Linux 5.7

// unshare(2), setns(2), clone3(2) only: overlaps clone's exit signal. Linux 5.6
export const CLONE_NEWTIME = 0x80
export const CLONE_ARGS_SIZE_VER0 = 64
export const CLONE_ARGS_SIZE_VER1 = 80
export const CLONE_ARGS_SIZE_VER2 = 88

// sched_setattr(2)
export const SCHED_OTHER = 0
export const SCHED_FIFO = 1
export const SCHED_RR = 2
export const SCHED_BATCH = 3
export const SCHED_IDLE = 5
export const SCHED_DEADLINE = 6
export const SCHED_FLAG_RESET_ON_FORK = 1
export const SCHED_FLAG_RECLAIM = 2
export const SCHED_FLAG_DL_OVERRUN = 4
export const SCHED_FLAG_KEEP_POLICY = 8
export const SCHED_FLAG_KEEP_PARAMS = 0x10
export const SCHED_FLAG_UTIL_CLAMP_MIN = 0x20
export const SCHED_FLAG_UTIL_CLAMP_MAX = 64
