/** include/uapi/asm-generic/resource.h: resource limits, the same on x64 and arm64; prlimit(2). */

/** Limit name → number. */
export const RLIMITS = Object.freeze({
  RLIMIT_CPU: 0, // seconds
  RLIMIT_FSIZE: 1, // bytes, as all that follow unless said otherwise
  RLIMIT_DATA: 2,
  RLIMIT_STACK: 3,
  RLIMIT_CORE: 4,
  RLIMIT_RSS: 5, // no effect since Linux 2.4.30
  RLIMIT_NPROC: 6, // processes of the real user id
  RLIMIT_NOFILE: 7, // one more than the highest fd
  RLIMIT_MEMLOCK: 8,
  RLIMIT_AS: 9,
  RLIMIT_LOCKS: 10, // no effect since Linux 2.4.25
  RLIMIT_SIGPENDING: 11, // signals
  RLIMIT_MSGQUEUE: 12,
  RLIMIT_NICE: 13, // 20 - nice
  RLIMIT_RTPRIO: 14, // a priority
  RLIMIT_RTTIME: 15, // microseconds
} as const)

/** A resource limit by its kernel name. */
export type RlimitName = keyof typeof RLIMITS

/** No limit. */
export const RLIM_INFINITY = 0xffffffffffffffffn
