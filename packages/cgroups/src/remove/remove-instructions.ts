import { branch, call, compute, goto, type Instruction, label, ref, struct, warn } from '@rt/program'
import { AT_FDCWD, AT_REMOVEDIR, ERRNO, LOCK_EX, LOCK_NB, O_CLOEXEC, O_DIRECTORY, O_RDONLY } from '@rt/sys'
import { CLAIM, type Existing, isMade, madeBy, madeParent } from '../group/claim.js'
import type { Group } from '../group/group-path.js'
import { MARK, OURS } from '../group/mark.js'
import { killLeftovers } from './kill-instructions.js'
import { goRemoveBelow, removeBelow } from './remove-below.js'

/** rmdir is tried again after 50 µs, 100 µs, … 819 ms: 1.6 s in all, for all hierarchies together. */
const FIRST_PAUSE = 50_000
const PAUSES = 15

/** Results here are ints. */
const SIGN = 0x80000000

/**
 * Remove the groups that were made for the container, when its init is gone. What stood before stays.
 *
 * With a pid namespace everything in the container died with its init. Without one there may be processes left: they
 * are killed, since the group is the container's own. A process that was killed a moment ago keeps rmdir busy. What can't
 * be removed within some seconds is told of, and stays.
 *
 * Runs at `host.gone`, where no failure ends anything: results are looked at by branches. Node does the same for
 * a supervisor that was killed; from the log it knows which groups were made, and whether they still are the container's
 * it learns from the lock.
 */
export function removeInstructions(groups: readonly Group[], existing: Existing['existing']): Instruction[] {
  // The first is the lock on the name, so it goes last.
  const order = [...groups.entries()].toReversed()
  const remove = existing === 'refuse' ? removeOwn : removeIfEmpty
  return [
    ...(existing === 'refuse' ? [...stillOurs(groups), ...killLeftovers(groups)] : []),
    compute('pauses', -1),
    ...order.flatMap(([index, group]) => remove(group, index)),
    ...(existing === 'refuse'
      ? [
          branch(ref('stuck'), 1, { else: 'parents' }),
          warn(
            'not all of it could be removed in time: processes or very many groups are left in it, ' +
              `see ${groups.map(({ directory }) => directory).join(', ')}`,
          ),
          goto('parents'),
          ...removeBelow(groups.length),
        ]
      : []),
    label('parents'),
    ...groups.flatMap(({ parents }, index) => removeParents(parents, index)),
    ...(existing === 'refuse' ? [call('close', [ref(CLAIM)])] : []),
  ]
}

/** A supervisor holds its lock. For one that was killed Node takes it, unless the name is another container's by now. */
const stillOurs = ([first]: readonly Group[]): Instruction[] => [
  branch(ref(CLAIM), SIGN, { mask: SIGN, else: 'holds' }),
  call('openat', [AT_FDCWD, (first as Group).directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC], { save: CLAIM }),
  branch(ref(CLAIM), SIGN, { mask: SIGN, then: 'parents' }),
  call('flock', [ref(CLAIM), LOCK_EX | LOCK_NB], { save: 'locked' }),
  branch(ref('locked'), 0, { else: 'parents' }),
  label('holds'),
]

function removeOwn({ directory }: Group, index: number): Instruction[] {
  const [again, stuck, done] = [`remove ${index}`, `stuck ${index}`, `left ${index}`]
  return [
    isMade(index, done),
    label(again),
    call('unlinkat', [AT_FDCWD, directory, AT_REMOVEDIR], { save: 'removed' }),
    branch(ref('removed'), 0, { then: done }),
    branch(ref('removed'), -ERRNO.ENOENT, { then: done }),
    branch(ref('removed'), -ERRNO.EBUSY, { else: stuck }),
    ...goRemoveBelow(directory, index),
    // It stays at the last pause: the hierarchies that follow have none left.
    branch(ref('pauses'), PAUSES - 1, { then: stuck }),
    compute('pauses', ref('pauses'), 1, 1),
    call('nanosleep', [struct('timespec', { tv_sec: 0, tv_nsec: FIRST_PAUSE }, 'pause'), null], {
      why: 'busy: a killed process takes a moment to leave',
    }),
    compute('pause+8', 0, ref('pause', 8), 2),
    goto(again),
    label(stuck),
    compute('stuck', 1),
    label(done),
  ]
}

/** Others may have joined: nobody is killed, and whoever made it and is not the last leaves it to them. */
const removeIfEmpty = ({ directory }: Group, index: number): Instruction[] => [
  branch(ref(madeBy(index)), 0, { else: `left ${index}` }),
  call('unlinkat', [AT_FDCWD, directory, AT_REMOVEDIR], { why: 'if nobody else is in it' }),
  label(`left ${index}`),
]

/** From the bottom up, those that are rt's; one that others use is busy, and stays for them to remove. */
function removeParents(parents: readonly string[], index: number): Instruction[] {
  const instructions = parents.map((parent, level) => {
    const [mine, stays] = [`parent ${index}.${level} is mine`, `parent ${index}.${level} stays`]
    return [
      branch(ref(madeParent(index, level)), 0, { then: mine }),
      call('lgetxattr', [parent, MARK, null, 0], { save: 'mark', why: 'made by rt?' }),
      branch(ref('mark'), OURS.length, { else: stays }),
      label(mine),
      call('unlinkat', [AT_FDCWD, parent, AT_REMOVEDIR], { why: 'if it is empty now' }),
      label(stays),
    ]
  })
  return instructions.toReversed().flat()
}
