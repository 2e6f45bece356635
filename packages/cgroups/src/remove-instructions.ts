import { branch, buffer, call, compute, goto, type Instruction, label, ref, struct } from '@rt/program'
import { AT_FDCWD, AT_REMOVEDIR, ERRNO, O_CLOEXEC, O_RDONLY, O_WRONLY, SIGNALS } from '@rt/sys'
import type { Group } from './group-path.js'
import { madeBy, madeParent } from './make-instructions.js'
import { MARK, OURS, SHARED } from './mark.js'
import { goRemoveBelow, removeBelow } from './remove-below.js'

/** rmdir is tried again after 50 µs, 100 µs, … 819 ms: 1.6 s in all, for all hierarchies together. */
const FIRST_PAUSE = 50_000
const PAUSES = 15

const NEWLINE = 10
const ZERO = 48

/**
 * Remove the groups that were made for the container, when its init is gone. What stood before stays.
 *
 * With a pid namespace everything in the container died with its init. Without one there may be processes left: they
 * are killed, since the group is the container's own. A process that was killed a moment ago keeps rmdir busy.
 *
 * Runs in the `after` phase, where no failure ends anything: results are looked at by branches. Node does the same for
 * a supervisor that was killed; it then knows groups by their marks alone.
 */
export function removeInstructions(groups: readonly Group[]): Instruction[] {
  return [
    ...killLeftovers(groups),
    ...groups.flatMap((group, i) => [
      ...isOurs(group, i, `left ${i}`),
      label(`remove ${i}`),
      call('unlinkat', [AT_FDCWD, group.directory, AT_REMOVEDIR], { save: 'removed' }),
      branch(ref('removed'), -ERRNO.EBUSY, { else: `left ${i}` }),
      branch(ref('mark'), SHARED.length, { then: `left ${i}` }),
      ...goRemoveBelow(group.directory, i),
      // A word starts as -1, and stays at the last pause: the hierarchies that follow have none left.
      branch(ref('pauses'), PAUSES - 1, { then: `left ${i}` }),
      compute('pauses', ref('pauses'), 1, 1),
      call('nanosleep', [struct('timespec', { tv_sec: 0, tv_nsec: FIRST_PAUSE }, 'pause'), null], {
        why: 'busy: a killed process takes a moment to leave',
      }),
      compute('pause+8', 0, ref('pause', 8), 2),
      goto(`remove ${i}`),
      label(`left ${i}`),
      ...removeParents(group.parents, i),
    ]),
    goto('all removed'),
    ...removeBelow(groups.length),
    label('all removed'),
  ]
}

/** Go on if the mark, or this program's own memory, says that rt made the group; else go to `others`. */
const isOurs = ({ directory }: Group, index: number, others: string): Instruction[] => [
  call('lgetxattr', [directory, MARK, null, 0], { save: 'mark', why: 'made by rt?' }),
  branch(ref('mark'), OURS.length, { then: `ours ${others}` }),
  branch(ref('mark'), SHARED.length, { then: `ours ${others}` }),
  branch(ref(madeBy(index)), 0, { else: others }),
  label(`ours ${others}`),
]

/** From the bottom up, those that are rt's; one that others use is busy, and stays for them to remove. */
function removeParents(parents: readonly string[], index: number): Instruction[] {
  const instructions = parents.map((parent, level) => {
    const [mine, stays] = [`parent ${index}.${level} is mine`, `parent ${index}.${level} stays`]
    return [
      call('lgetxattr', [parent, MARK, null, 0], { save: 'mark', why: 'made by rt?' }),
      branch(ref('mark'), OURS.length, { then: mine }),
      branch(ref(madeParent(index, level)), 0, { else: stays }),
      label(mine),
      call('unlinkat', [AT_FDCWD, parent, AT_REMOVEDIR], { why: 'if it is empty now' }),
      label(stays),
    ]
  })
  return instructions.toReversed().flat()
}

/**
 * Kill what is left in a group that is the container's alone: by cgroup.kill (Linux 5.14) where there is cgroup v2, else
 * freeze, signal, thaw. All hierarchies hold the same processes, so one will do.
 */
function killLeftovers(groups: readonly Group[]): Instruction[] {
  const find = (test: (group: Group) => boolean) => {
    const index = groups.findIndex(test)
    return index < 0 ? undefined : index
  }
  const v2 = find(({ hierarchy }) => hierarchy.version === 2)
  const freezer = find(({ hierarchy }) => hierarchy.controllers.includes('freezer'))
  const index = v2 ?? freezer ?? 0
  const group = groups[index]
  if (!group) return []
  const { directory } = group
  return [
    ...isOurs(group, index, 'all dead'),
    branch(ref('mark'), SHARED.length, { then: 'all dead' }),
    call('unlinkat', [AT_FDCWD, directory, AT_REMOVEDIR], { save: 'removed' }),
    branch(ref('removed'), -ERRNO.EBUSY, { else: 'all dead' }),
    ...(v2 === undefined
      ? [
          // Frozen, they neither fork nor leave, and no pid can pass to another process while we read.
          ...(freezer === undefined ? [] : write(`${directory}/freezer.state`, 'FROZEN', 'nobody leaves')),
          ...killEach(`${directory}/cgroup.procs`),
          ...(freezer === undefined ? [] : write(`${directory}/freezer.state`, 'THAWED')),
        ]
      : write(`${directory}/cgroup.kill`, '1', 'what is left without a pid namespace')),
    label('all dead'),
  ]
}

const write = (path: string, value: string, why?: string): Instruction[] => [
  call('openat', [AT_FDCWD, path, O_WRONLY | O_CLOEXEC], { save: 'file', of: path }),
  call('write', [ref('file'), value, value.length], why === undefined ? {} : { why }),
  call('close', [ref('file')]),
]

/** Read pids byte by byte, since the machine has no arithmetic on text but this: pid = pid * 10 + digit. */
const killEach = (procs: string): Instruction[] => [
  call('openat', [AT_FDCWD, procs, O_RDONLY | O_CLOEXEC], { save: 'procs', of: procs }),
  label('next pid'),
  compute('pid', 0),
  label('next digit'),
  call('read', [ref('procs'), buffer('digit', 8), 1], { save: 'got' }),
  branch(ref('got'), 1, { else: 'no more pids' }),
  branch(ref('digit'), NEWLINE, { then: 'whole pid' }),
  compute('value', ref('digit'), ZERO, -1),
  compute('pid', ref('value'), ref('pid'), 10),
  goto('next digit'),
  label('whole pid'),
  // 0 is a process of another pid namespace, and kill(0) would be our own group.
  branch(ref('pid'), 0, { then: 'next pid' }),
  call('kill', [ref('pid'), SIGNALS.SIGKILL], { why: 'what is left without a pid namespace' }),
  goto('next pid'),
  label('no more pids'),
  call('close', [ref('procs')]),
]
