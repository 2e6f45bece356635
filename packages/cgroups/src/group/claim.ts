import { branch, call, compute, fail, goto, type Instruction, label, ref } from '@rt/program'
import { AT_FDCWD, AT_REMOVEDIR, ERRNO, LOCK_EX, LOCK_NB, O_CLOEXEC, O_DIRECTORY, O_RDONLY } from '@rt/sys'
import type { Group } from './group-path.js'

/** Of faccessat(2): is it there at all? */
const F_OK = 0

/** The word that holds the fd of the first group, locked for as long as the supervisor lives. */
export const CLAIM = 'claim'

/** The word that holds 0 if this program made the group: what mkdirat returned. Negative: not made, or not its own. */
export const madeBy = (index: number): string => `made ${index}`

/** As {@link madeBy} of a parent; level 0 is the highest. */
export const madeParent = (index: number, level: number): string => `made ${index} parent ${level}`

/** What to do about a group that is there already. */
export interface Existing {
  readonly existing: 'refuse' | 'join'
  /** What to say if it is in use. */
  readonly inUse: string
}

/**
 * In that word while mkdirat is on its way: who is killed in it may have made the group, and has not been able to note it.
 * That the name is this container's, and nobody else's, the lock says.
 */
export const BEING_MADE = 1

/** Go on if this program has made a group, or may have. */
export const isMade = (index: number, otherwise: string): Instruction =>
  branch(ref(madeBy(index)), 0, { mask: ~BEING_MADE, else: otherwise })

/** Where {@link make} goes when a group's parents, or the group itself, are gone: to make it again. */
export const vanished = (index: number): string => `vanished ${index}`
/** Where it goes when a group of this name is there. */
export const there = (index: number): string => `there ${index}`

/**
 * One name, one container: the first group is locked (flock(2)) until the supervisor is dead, however it dies. Whoever
 * finds a group of that name may take it away if it is empty and nobody has locked it: a killed rt left it. The lock is
 * what tells this from a group whose container is about to enter. That the directory still has its name is looked at
 * once the lock is held.
 *
 * @param gone label for a directory that is there no more
 * @param busy label for one that another has locked
 */
const lock = (directory: string, gone: string, busy: string): Instruction[] => [
  call('openat', [AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC], {
    save: CLAIM,
    of: directory,
    onError: { ENOENT: gone },
  }),
  call('flock', [ref(CLAIM), LOCK_EX | LOCK_NB], { onError: { EAGAIN: busy }, why: 'one container of this name' }),
  call('faccessat', [ref(CLAIM), 'cgroup.procs', F_OK], { onError: { ENOENT: 'orphan' }, why: 'still of this name?' }),
]

/** After the first group's mkdirat: make it this program's alone. */
export const claim = (directory: string): Instruction[] => lock(directory, vanished(0), 'lost')

/** Out of line: what happens when a group of this name is there. */
export const refuseExisting = (groups: readonly Group[], inUse: string): Instruction[] => [
  ...groups.flatMap(({ directory }, index) => [
    label(there(index)),
    ...(index === 0 ? lock(directory, vanished(0), 'in use') : []),
    call('unlinkat', [AT_FDCWD, directory, AT_REMOVEDIR], {
      onError: { ENOENT: index === 0 ? 'orphan' : vanished(index), EBUSY: 'in use' },
      why: 'empty, and nobody has locked it: a killed rt left it',
    }),
    goto(index === 0 ? 'orphan' : vanished(index)),
  ]),
  label('orphan'),
  call('close', [ref(CLAIM)]),
  goto(vanished(0)),
  label('lost'),
  compute(madeBy(0), -ERRNO.EAGAIN),
  label('in use'),
  fail(
    inUse,
    `choose another name; if nothing runs there, a killed rt has left groups or processes in ${groups[0]?.directory}`,
    'RT_BUSY',
  ),
]
