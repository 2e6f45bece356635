import { address, branch, buffer, call, compute, goto, type Instruction, label, ref } from '@rt/program'
import { AT_FDCWD, AT_REMOVEDIR, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from '@rt/sys'

const FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

/** struct linux_dirent64 of getdents64(2): 19 bytes and a name of up to 255, on eight. */
const ENTRY_SIZE = 280
const NEXT = 8
const TYPE = 18
const NAME = 19
const DT_DIR = 4
/** "." and ".." with their NULs, as little-endian words. */
const DOT = 0x2e
const DOT_DOT = 0x2e2e

const SEEK_SET = 0
/** Results here are ints. */
const SIGN = 0x80000000

/** For all hierarchies together. A container may leave very many groups, to keep us busy. */
const PASSES = 4096

/** Go to {@link removeBelow} with a group, and come back. @param index of the group: 0, 1, … */
export const goRemoveBelow = (directory: string, index: number): Instruction[] => [
  compute('top', directory),
  compute('index', index),
  goto('below'),
  label(`back ${index}`),
]

/**
 * Remove the groups below a group: a container that may write its cgroups (systemd in a privileged one) leaves its own.
 * It is there once for all hierarchies, and must be jumped over.
 *
 * The machine can't follow a pointer, so entries are read one at a time into one place. A pass goes down to the first
 * group that has none below it, removes what it can on the way, and begins again at the top as long as that helped.
 *
 * @param count of groups: who called is known by its index
 */
export const removeBelow = (count: number): Instruction[] => [
  label('below'),
  // A word starts as -1. Once it is there it stays, for the hierarchies that follow.
  branch(ref('passes'), PASSES - 1, { then: 'below done' }),
  compute('passes', ref('passes'), 1, 1),
  compute('helped', 0),
  call('openat', [AT_FDCWD, ref('top'), FLAGS], { save: 'level', why: 'groups that the container made' }),
  label('next entry'),
  call('getdents64', [ref('level'), buffer('entry', ENTRY_SIZE), ENTRY_SIZE], { save: 'got' }),
  branch(ref('got'), 0, { then: 'no more entries' }),
  branch(ref('got'), SIGN, { mask: SIGN, then: 'no more entries' }),
  // As many as fit have been read; the first is looked at.
  call('lseek', [ref('level'), ref('entry', NEXT), SEEK_SET]),
  branch(ref('entry', TYPE), DT_DIR, { mask: 0xff, else: 'next entry' }),
  branch(ref('entry', NAME), DOT, { mask: 0xffff, then: 'next entry' }),
  branch(ref('entry', NAME), DOT_DOT, { mask: 0xffffff, then: 'next entry' }),
  call('unlinkat', [ref('level'), address('entry', NAME), AT_REMOVEDIR], { save: 'removed' }),
  branch(ref('removed'), 0, { else: 'descend' }),
  compute('helped', 1),
  goto('next entry'),
  label('descend'),
  call('openat', [ref('level'), address('entry', NAME), FLAGS], { save: 'deeper' }),
  branch(ref('deeper'), SIGN, { mask: SIGN, then: 'next entry' }),
  call('close', [ref('level')]),
  compute('level', ref('deeper')),
  goto('next entry'),
  label('no more entries'),
  call('close', [ref('level')]),
  branch(ref('helped'), 1, { then: 'below' }),
  label('below done'),
  ...Array.from({ length: count }, (_, index) => branch(ref('index'), index, { then: `back ${index}` })),
]
