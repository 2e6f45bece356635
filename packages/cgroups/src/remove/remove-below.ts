import { address, branch, buffer, call, compute, goto, type Instruction, label, ref } from '@rt/program'
import { AT_FDCWD, AT_REMOVEDIR, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from '@rt/sys'

const FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

/** struct linux_dirent64 of getdents64(2): 19 bytes and a name of up to 255, on eight. */
const ENTRY_SIZE = 280
const INODE = 0
const NEXT = 8
const TYPE = 18
const NAME = 19
const DT_DIR = 4
/** "." and ".." with their NULs, as little-endian words. */
const DOT = 0x2e
const DOT_DOT = 0x2e2e

const SEEK_SET = 0
/** Of linux/time.h. */
const CLOCK_MONOTONIC = 1
/** Results here are ints; differences of seconds and of inodes are whole words. */
const SIGN = 0x80000000
/** -2^63 has the same bits as 2^63, and is a number that JSON keeps. */
const SIGN64 = -(2 ** 63)

/** Seconds for all hierarchies together. A container may leave very many groups, to keep us busy. */
const LONGEST = 10

/** Go to {@link removeBelow} with a group, and come back. @param index of the group: 0, 1, … */
export const goRemoveBelow = (directory: string, index: number): Instruction[] => [
  compute('top', directory),
  compute('index', index),
  goto('below'),
  label(`back ${index}`),
]

/**
 * Remove the groups below a group: a container that may write its cgroups (systemd in a privileged one, anybody through
 * a mount in namespaces of its own) leaves its own. It is there once for all hierarchies, and must be jumped over.
 *
 * The machine can't follow a pointer, so entries are read one at a time into one place, and it has no stack: a walk
 * down keeps one fd, and on its way up (`..`) finds its place again by the inode of where it comes from. So every group
 * is visited once, as deep as it may lie, and one with a process in it keeps only itself and those above it.
 *
 * @param count of groups: who called is known by its index
 */
export const removeBelow = (count: number): Instruction[] => [
  label('below'),
  call('clock_gettime', [CLOCK_MONOTONIC, buffer('now', 16)]),
  // A word starts as -1. Once it is there it stays, for the hierarchies that follow.
  branch(ref('deadline'), -1, { else: 'timed' }),
  compute('deadline', ref('now', 0), LONGEST, 1),
  label('timed'),
  compute('depth', 0),
  compute('from', 0),
  call('openat', [AT_FDCWD, ref('top'), FLAGS], { save: 'level', why: 'groups that the container made' }),
  label('next entry'),
  call('getdents64', [ref('level'), buffer('entry', ENTRY_SIZE), ENTRY_SIZE], { save: 'got' }),
  branch(ref('got'), 0, { then: 'no more entries' }),
  branch(ref('got'), SIGN, { mask: SIGN, then: 'no more entries' }),
  // As many as fit have been read; the first is looked at.
  call('lseek', [ref('level'), ref('entry', NEXT), SEEK_SET]),
  branch(ref('entry', TYPE), DT_DIR, { mask: 0xff, else: 'next entry' }),
  branch(ref('entry', NAME), DOT, { mask: 0xffff, then: 'the group itself' }),
  branch(ref('entry', NAME), DOT_DOT, { mask: 0xffffff, then: 'next entry' }),
  branch(ref('from'), 0, { then: 'a group below' }),
  compute('other', ref('from'), ref('entry', INODE), -1),
  branch(ref('other'), 0, { else: 'next entry' }),
  compute('from', 0),
  call('unlinkat', [ref('level'), address('entry', NAME), AT_REMOVEDIR], { why: 'those below it are gone' }),
  goto('next entry'),
  label('the group itself'),
  compute('own', ref('entry', INODE)),
  goto('next entry'),
  label('a group below'),
  call('clock_gettime', [CLOCK_MONOTONIC, buffer('now', 16)]),
  compute('left', ref('deadline'), ref('now', 0), -1),
  branch(ref('left'), SIGN64, { mask: SIGN64, then: 'close level' }),
  call('unlinkat', [ref('level'), address('entry', NAME), AT_REMOVEDIR], { save: 'removed' }),
  branch(ref('removed'), 0, { then: 'next entry' }),
  call('openat', [ref('level'), address('entry', NAME), FLAGS], { save: 'deeper' }),
  branch(ref('deeper'), SIGN, { mask: SIGN, then: 'next entry' }),
  compute('depth', ref('depth'), 1, 1),
  goto('move'),
  label('no more entries'),
  branch(ref('depth'), 0, { then: 'close level' }),
  call('openat', [ref('level'), '..', FLAGS], { save: 'deeper' }),
  branch(ref('deeper'), SIGN, { mask: SIGN, then: 'close level' }),
  compute('depth', ref('depth'), 1, -1),
  compute('from', ref('own')),
  label('move'),
  call('close', [ref('level')]),
  compute('level', ref('deeper')),
  goto('next entry'),
  label('close level'),
  call('close', [ref('level')]),
  ...Array.from({ length: count }, (_, index) => branch(ref('index'), index, { then: `back ${index}` })),
]
