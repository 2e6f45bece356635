/**
 * Extended attribute on groups that rt made for containers, since a program that was killed can't remember what it
 * made, and the first container to come need not be the last to go:
 *
 *     OURS     made by rt: on a parent (`/rt`), whoever leaves it empty removes it; on a container's group, the container
 *              that made it removes it, and kills what is left in it
 *     SHARED   a container's group that another container has joined: whoever leaves it empty removes it
 *     none     somebody else's: it stays
 *
 * Only sizes are compared (getxattr returns them). cgroupfs keeps user attributes since Linux 5.7.
 */
export const MARK = 'user.rt'
export const OURS = '1'
export const SHARED = 'shared'

/** Of directories of groups, as mkdir(1) would make them. */
export const MODE = 0o755
