import { branch, buffer, call, compute, goto, type Instruction, label, ref } from '@rt/program'
import { AT_FDCWD, AT_REMOVEDIR, ERRNO, O_CLOEXEC, O_RDONLY, O_WRONLY, SIGNALS } from '@rt/sys'
import { isMade } from '../group/claim.js'
import type { Group } from '../group/group-path.js'

const NEWLINE = 10
const ZERO = 48

/**
 * Where what is left can be killed at one blow: v2 (cgroup.kill, Linux 5.14), else the freezer's hierarchy, else the
 * first. All hierarchies hold the same processes, so one will do.
 */
function killer(groups: readonly Group[]): number {
  const v2 = groups.findIndex(({ hierarchy }) => hierarchy.version === 2)
  return v2 >= 0
    ? v2
    : Math.max(
        groups.findIndex(({ hierarchy }) => hierarchy.controllers.includes('freezer')),
        0,
      )
}

/** Kill what is left in a group that is the container's alone: by cgroup.kill, else freeze, signal, thaw. */
export function killLeftovers(groups: readonly Group[]): Instruction[] {
  const index = killer(groups)
  const group = groups[index]
  if (!group) return []
  const { directory, hierarchy } = group
  const freezes = hierarchy.controllers.includes('freezer')
  return [
    isMade(index, 'all dead'),
    // Empty, as after a pid namespace: gone at once. But the first group is the lock on the name, and goes last.
    ...(index === 0 && groups.length > 1
      ? []
      : [
          call('unlinkat', [AT_FDCWD, directory, AT_REMOVEDIR], { save: 'removed' }),
          branch(ref('removed'), -ERRNO.EBUSY, { else: 'all dead' }),
        ]),
    ...(hierarchy.version === 2
      ? write(`${directory}/cgroup.kill`, '1', 'what is left without a pid namespace')
      : [
          // Frozen, they neither fork nor leave, and no pid can pass to another process while we read.
          ...(freezes ? write(`${directory}/freezer.state`, 'FROZEN', 'nobody leaves') : []),
          ...killEach(`${directory}/cgroup.procs`),
          ...(freezes ? write(`${directory}/freezer.state`, 'THAWED') : []),
        ]),
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
