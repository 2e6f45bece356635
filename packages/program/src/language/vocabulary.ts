/**
 * The names that steps of different packages share. A step that sets one says so in its documentation; nothing else
 * connects mountns, cgroups, chroot and rootfs.
 */

/**
 * fd (O_PATH) of the container's root directory. Set by the root step, or by `hostRoot()` where a plan changes the
 * root of nothing. Every destination is resolved beneath it: `openat2($root, …, RESOLVE_IN_ROOT)`.
 */
export const ROOT = '$root'

/** fd of a private procfs instance (fsmount, never attached): writes below /proc/self and /proc/sys go through it. */
export const PROC = '$proc'

/**
 * fd of what the plan's steps have mounted at an absolute path, kept from there on if a later look-up begins at it
 * ({@link Call.beneathMount}).
 */
export const mountWord = (path: string): string => `$mount:${path}`

/**
 * fd of the master of the container's terminal: a step that says `terminal` saves it in init and hands it to the
 * supervisor at a meeting.
 */
export const MASTER = '$master of the terminal'

/** Word that holds an fd which `run` was given under that name (`RunOptions.fds`). */
export const givenFd = (name: string): string => `$fd.${name}`

/** Words that the frame (the skeleton around the steps, see frame.ts) keeps. */
export const CLONE = '$clone'
export const PIDFD = '$pidfd'

/** Name of the bytes that are kept of how init ended: a siginfo_t, of waitid(2). */
export const SIGINFO = 'siginfo'
export const SIGINFO_SIZE = 128

/**
 * Init's end of the socket at which it waits and whose closing by the execve tells the supervisor that the program runs
 * (a load of it is an fd with junk above, which the kernel ignores): the one fd that an `exec` step must not close.
 */
export const GATE = '$pair'
