/**
 * Extended attribute on the *parents* that rt made for containers' groups (`/rt`): they are shared, the first container
 * to come need not be the last to go, and whoever leaves one empty removes it. A parent without it is somebody else's.
 *
 * A container can't forge it: the highest group that it can reach, through whatever cgroup namespace and mount of its
 * own, is its own group. That one therefore has no mark: whether it is the container's to remove is what mkdirat
 * returned, which the program and its log remember.
 *
 * Only its size is compared (getxattr returns it). cgroupfs keeps user attributes since Linux 5.7.
 */
export const MARK = 'user.rt'
export const OURS = '1'

/** Of directories of groups, as mkdir(1) would make them. */
export const MODE = 0o755
