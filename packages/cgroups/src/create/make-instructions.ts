import { branch, buffer, call, compute, fail, goto, type Instruction, label, ref } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, O_RDONLY, O_RDWR, O_WRONLY } from '@rt/sys'
import { attachDevices } from '../devices/device-instructions.js'
import {
  BEING_MADE,
  claim,
  type Existing,
  madeBy,
  madeParent,
  refuseExisting,
  there,
  vanished,
} from '../group/claim.js'
import type { Group } from '../group/group-path.js'
import { cgroupHints } from '../group/hints.js'
import { MARK, MODE, OURS } from '../group/mark.js'
import type { Action } from './plan-creation.js'

/** How often parents may vanish under our hands before we give up; each time another container has just left. */
const ATTEMPTS = 1000

/** A cpuset of v1 is printed on one line; 1024 CPUs that alternate take less than this. */
const LONGEST_LIST = 4096

/**
 * The parents are shared with other containers that come and go: one that is found empty is removed by whoever leaves
 * last, perhaps between our mkdir of it and that of the group in it. Then the group's mkdir says ENOENT, and all starts
 * again from the top. Once the group stands, its parents can't be removed.
 */
function make({ parents, directory }: Group, index: number, existing: Existing['existing']): Instruction[] {
  const gone = vanished(index)
  const hints = cgroupHints('mkdir')
  return [
    label(`make ${index}`),
    ...parents.flatMap((parent, level) => [
      call('mkdirat', [AT_FDCWD, parent, MODE], {
        save: madeParent(index, level),
        onError: { EEXIST: `parent ${index}.${level}`, ENOENT: gone },
        hints,
      }),
      call('lsetxattr', [parent, MARK, OURS, OURS.length, 0], {
        tolerate: 'any',
        why: 'made by rt: whoever leaves it empty removes it',
      }),
      label(`parent ${index}.${level}`),
    ]),
    ...(existing === 'refuse' ? [compute(madeBy(index), BEING_MADE)] : []),
    call('mkdirat', [AT_FDCWD, directory, MODE], {
      save: madeBy(index),
      onError: { EEXIST: existing === 'join' ? `stands ${index}` : there(index), ENOENT: gone },
      hints,
    }),
    ...(existing === 'refuse' && index === 0 ? claim(directory) : []),
    label(`stands ${index}`),
  ]
}

type Write = Extract<Action, { kind: 'write' }>

/** One rule after the other into the same file: each is a write(2) of its own, but the fd can be one. */
const isSameFile = (one: Write, other: Action | undefined): boolean =>
  other?.kind === 'write' &&
  !one.optional &&
  !other.optional &&
  one.directory === other.directory &&
  one.file === other.file

function write(action: Write, before: Action | undefined, after: Action | undefined): Instruction[] {
  const { directory, file, value, option, optional } = action
  const path = `${directory}/${file}`
  const options = { hints: cgroupHints(file), ...(optional ? { tolerate: 'any' as const } : {}) }
  return [
    ...(isSameFile(action, before)
      ? []
      : [call('openat', [AT_FDCWD, path, O_WRONLY | O_CLOEXEC], { save: 'file', of: path, ...options })]),
    call('write', [ref('file'), value, Buffer.byteLength(value)], {
      ...options,
      why: option ?? (optional ? 'for statistics' : 'for the groups below'),
    }),
    ...(isSameFile(action, after) ? [] : [call('close', [ref('file')], optional ? { tolerate: 'any' } : {})]),
  ]
}

/** An empty cpuset reads as a newline alone. */
function inherit(from: string, to: string, file: string, done: string): Instruction[] {
  const hints = cgroupHints(file)
  const list = buffer('list', LONGEST_LIST)
  return [
    call('openat', [AT_FDCWD, to, O_RDWR | O_CLOEXEC], { save: 'own', of: to }),
    call('read', [ref('own'), list, LONGEST_LIST], { save: 'length' }),
    branch(ref('length'), 1, { else: done }),
    call('openat', [AT_FDCWD, from, O_RDONLY | O_CLOEXEC], { save: 'parents', of: from }),
    call('read', [ref('parents'), list, LONGEST_LIST], { save: 'length' }),
    call('close', [ref('parents')]),
    call('pwrite64', [ref('own'), list, ref('length'), 0], { hints, why: 'nobody can join an empty cpuset' }),
    label(done),
    call('close', [ref('own')]),
  ]
}

/** @param index of the action: labels are unique in a step */
function instructionsFor(
  action: Exclude<Action, { kind: 'make' }>,
  index: number,
  actions: readonly Action[],
): Instruction[] {
  if (action.kind === 'write') return write(action, actions[index - 1], actions[index + 1])
  if (action.kind === 'devices') return attachDevices(action.directory, action.program)
  const { from, to, file } = action
  return inherit(`${from}/${file}`, `${to}/${file}`, file, `inherited ${index}`)
}

/**
 * The instructions that make groups with their limits. The order of `make` actions is that of {@link madeBy}.
 *
 * @param groups of the `make` actions, in their order
 */
export function makeInstructions(
  actions: readonly Action[],
  groups: readonly Group[],
  { existing, inUse }: Existing,
): Instruction[] {
  let made = 0
  return [
    ...actions.flatMap((action, i) =>
      action.kind === 'make' ? make(action, made++, existing) : instructionsFor(action, i, actions),
    ),
    goto('made'),
    ...groups.flatMap((_, index) => [
      label(vanished(index)),
      // A word starts as -1.
      compute('attempts', ref('attempts'), 1, 1),
      branch(ref('attempts'), ATTEMPTS, { else: `make ${index}` }),
      goto('parents vanish'),
    ]),
    label('parents vanish'),
    fail(
      'the cgroup could not be made: its parents keep disappearing',
      'another program removes empty cgroups, or the cgroup file system is not mounted any more',
    ),
    ...(existing === 'refuse' ? refuseExisting(groups, inUse) : []),
    label('made'),
  ]
}
