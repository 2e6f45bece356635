import { buffer, call, compute, type Step } from '@rt/program'
import {
  type Complaint,
  RtError,
  SECCOMP_FILTER_FLAG_LOG,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW,
  SECCOMP_FILTER_FLAG_TSYNC,
  SECCOMP_RET_ERRNO,
  SECCOMP_RET_KILL_THREAD,
  SECCOMP_RET_TRAP,
  SECCOMP_SET_MODE_FILTER,
} from '@rt/sys'
import { INSTRUCTION_SIZE } from './compile/encode.js'
import { type FilterOptions, filter } from './filter.js'
import { judge } from './judge.js'
import type { FilterFlag, SeccompProfile } from './profile/profile.js'

export interface SeccompOptions extends FilterOptions {
  readonly origin?: string | undefined
}

/** struct sock_fprog: the number of instructions in its first two bytes, a pointer to them at 8. */
const PROGRAM_SIZE = 16

const FLAGS: Readonly<Record<Exclude<FilterFlag, 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'>, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC,
  SECCOMP_FILTER_FLAG_LOG,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW,
}

/**
 * Load a filter: from here on the process, and all that come from it, make only the system calls that the profile lets
 * pass. It can't be taken back.
 *
 * Comes right before `exec`, after `closeDescriptors` and `capabilities`, so that it forbids nothing of the set-up. The
 * kernel wants no_new_privs, or CAP_SYS_ADMIN in the process's user namespace: `capabilities` can keep that until the
 * execve.
 *
 * @throws RtError RT_INVALID_CONFIG as `filter`, and for a profile under which nothing could be started, RT_UNSUPPORTED
 *   for one that needs a listener (SCMP_ACT_NOTIFY)
 */
export function seccomp(profile: SeccompProfile, options: SeccompOptions = {}): Step {
  const { origin } = options
  const { bytes } = filter(profile, options)
  refuseListener(profile, origin)
  refuseDeadEnd(profile, options)
  const flags = (profile.flags ?? []).reduce((all, name) => all | FLAGS[name as keyof typeof FLAGS], 0)
  return {
    name: 'seccomp',
    why: 'what a program never calls need not be within its reach',
    ...(origin === undefined ? {} : { origin }),
    inside: [
      compute('filter+0', bytes.length / INSTRUCTION_SIZE),
      compute('filter+8', bytes),
      call('seccomp', [SECCOMP_SET_MODE_FILTER, flags, buffer('filter', PROGRAM_SIZE)], {
        why: `${bytes.length / INSTRUCTION_SIZE} instructions, run by the kernel before a call`,
        hints: {
          EACCES:
            'without no_new_privs it takes CAP_SYS_ADMIN: the step `capabilities` keeps it for this one if asked to ' +
            '(untilExecve)',
          EINVAL:
            'the kernel was built without CONFIG_SECCOMP_FILTER, or is too old for a flag or an action of the profile',
          EPERM: 'an outer seccomp filter forbids seccomp(2)',
          ENOSYS: 'the kernel was built without CONFIG_SECCOMP, or an outer seccomp filter hides seccomp(2)',
        },
      }),
    ],
  }
}

function refuseListener({ flags, syscalls = [] }: SeccompProfile, origin: string | undefined): void {
  const complaints: Complaint[] = syscalls.flatMap(({ action }, i) =>
    action === 'SCMP_ACT_NOTIFY'
      ? [{ path: `syscalls[${i}].action`, message: 'SCMP_ACT_NOTIFY needs a listener' }]
      : [],
  )
  flags?.forEach((name, i) => {
    if (!Object.hasOwn(FLAGS, name)) complaints.push({ path: `flags[${i}]`, message: `${name} needs a listener` })
  })
  if (complaints.length === 0) return
  throw new RtError('RT_UNSUPPORTED', 'a seccomp listener can’t be started yet', {
    origin,
    complaints,
    hint: 'filter() compiles such a profile; it can’t be loaded by a step',
  })
}

/**
 * Under a filter that always refuses execve nothing starts; under one that refuses exit_group a program that could not be
 * executed can't end either.
 */
function refuseDeadEnd(profile: SeccompProfile, options: SeccompOptions): void {
  const verdict = (name: string) => judge(profile, { name }, options)
  const isKept = (value: number): boolean => (value & 0xffff0000) >>> 0 === SECCOMP_RET_ERRNO
  const isRefused = (value: number): boolean =>
    isKept(value) || value >>> 0 === SECCOMP_RET_KILL_THREAD || value === SECCOMP_RET_TRAP || value >= 2 ** 31
  const complaints: Complaint[] = []
  const depends = (name: string) =>
    profile.syscalls?.some((rule) => rule.args?.length && (rule.names ?? [rule.name]).includes(name))
  for (const [name, isBad] of [['execve', isRefused] as const, ['exit_group', isKept] as const]) {
    const { value, verdict: words, rule } = verdict(name)
    if (depends(name) || !isBad(value)) continue
    const path = rule === undefined ? 'defaultAction' : `syscalls[${rule}]`
    complaints.push({ path, message: `${name} gets ${words}: nothing could be started` })
  }
  if (complaints.length === 0) return
  throw new RtError('RT_INVALID_CONFIG', 'no program can run under this seccomp profile', {
    origin: options.origin,
    complaints,
  })
}
