import type { Step } from '@rt/program'
import {
  type Complaint,
  type OptionKeys,
  RtError,
  refuseUnknownOptions,
  SECCOMP_FILTER_FLAG_LOG,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW,
  SECCOMP_FILTER_FLAG_TSYNC,
  SECCOMP_RET_ERRNO,
  SECCOMP_RET_KILL_PROCESS,
  SECCOMP_RET_KILL_THREAD,
  SECCOMP_RET_TRAP,
} from '@rt/sys'
import { namesOf } from './compile/call-rules.js'
import { FILTER_OPTIONS, type FilterOptions, filter } from './filter.js'
import { judge } from './judge.js'
import { loadFilter } from './load-filter.js'
import { actionOf } from './profile/actions.js'
import type { FilterFlag, SeccompProfile } from './profile/profile.js'

export interface SeccompOptions extends FilterOptions {
  readonly origin?: string | undefined
}

const OPTIONS: OptionKeys<SeccompOptions> = { ...FILTER_OPTIONS, origin: true }

const FLAGS: Readonly<Partial<Record<FilterFlag, number>>> = {
  SECCOMP_FILTER_FLAG_TSYNC,
  SECCOMP_FILTER_FLAG_LOG,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW,
}

/** What keeps a call from being made; of exit_group only an error does, since all else ends the process too. */
const REFUSED: readonly number[] = [
  SECCOMP_RET_ERRNO,
  SECCOMP_RET_TRAP,
  SECCOMP_RET_KILL_THREAD,
  SECCOMP_RET_KILL_PROCESS,
]

/**
 * Load a profile's filter: from here on the process, and all that come from it, make only the system calls that it lets
 * pass. It can't be taken back.
 *
 * Comes right before `exec`, after `capabilities` and `closeDescriptors`, so that it forbids nothing of the set-up. The
 * kernel wants no_new_privs, or CAP_SYS_ADMIN in the process's user namespace: `capabilities` can keep that until the
 * execve.
 *
 * @throws RtError RT_INVALID_CONFIG as `filter`, and for a profile under which nothing could be started; RT_UNSUPPORTED
 *   for one that needs a listener (SCMP_ACT_NOTIFY)
 */
export function seccomp(profile: SeccompProfile, options: SeccompOptions = {}): Step {
  refuseUnknownOptions('seccomp', options, OPTIONS)
  const { origin, ...situation } = options
  const { bytes } = filter(profile, situation)
  refuseListener(profile, origin)
  refuseDeadEnd(profile, situation, origin)
  const flags = (profile.flags ?? []).reduce((all, name) => all | (FLAGS[name] ?? 0), 0)
  return loadFilter(bytes, { flags, origin })
}

function refuseListener({ flags = [], syscalls = [] }: SeccompProfile, origin: string | undefined): void {
  const complaints: Complaint[] = [
    ...syscalls.flatMap(({ action }, i) =>
      action === 'SCMP_ACT_NOTIFY'
        ? [{ path: `syscalls[${i}].action`, message: 'SCMP_ACT_NOTIFY needs a listener' }]
        : [],
    ),
    ...flags.flatMap((name, i) =>
      FLAGS[name] === undefined ? [{ path: `flags[${i}]`, message: `${name} needs a listener` }] : [],
    ),
  ]
  if (complaints.length === 0) return
  throw new RtError('RT_UNSUPPORTED', 'a seccomp profile with a listener can’t be loaded yet', { origin, complaints })
}

/**
 * Where execve is refused nothing starts; where exit_group gets an error, a program that could not be executed can't end
 * either.
 */
function refuseDeadEnd(profile: SeccompProfile, options: FilterOptions, origin: string | undefined): void {
  const complaints: Complaint[] = []
  const needed = { execve: REFUSED, exit_group: [SECCOMP_RET_ERRNO] }
  for (const [name, refused] of Object.entries(needed)) {
    const depends = profile.syscalls?.some((rule) => rule.args?.length && namesOf(rule).includes(name))
    const { value, verdict, rule } = judge(profile, { name }, options)
    if (depends || !refused.includes(actionOf(value))) continue
    const path = rule === undefined ? 'defaultAction' : `syscalls[${rule}]`
    complaints.push({ path, message: `${name} gets ${verdict}: nothing could be started` })
  }
  if (complaints.length === 0) return
  throw new RtError('RT_INVALID_CONFIG', 'no program can run under this seccomp profile', { origin, complaints })
}
