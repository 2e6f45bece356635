import { call, type Step, struct } from '@rt/program'
import { type Complaint, RLIM_INFINITY, RLIMITS, type RlimitName } from '@rt/sys'
import { asked, refuse } from '../../complaints.js'

/** In the unit of the resource (bytes, seconds, a count: see getrlimit(2)). */
export type RlimitValue = number | bigint | 'unlimited'

/** One resource limit, as in OCI's `process.rlimits`. */
export interface Rlimit {
  readonly name: RlimitName
  /** What holds. */
  readonly soft: RlimitValue
  /** How far the process may raise it itself. */
  readonly hard: RlimitValue
}

/**
 * prlimit64(2) on the process itself. Comes before `user`: raising a hard limit needs CAP_SYS_RESOURCE. A small
 * RLIMIT_AS, RLIMIT_DATA or RLIMIT_STACK can make the execve that follows fail.
 *
 * @throws RtError RT_INVALID_OPTION: unknown names, names given twice, soft above hard, values that are no 64-bit number
 */
export function rlimits(limits: readonly Rlimit[], origin?: string): Step {
  refuse('cannot set these resource limits', complaints(limits))
  return {
    name: 'rlimits',
    why: 'limits of its own, not the ones of whoever starts it',
    ...asked(origin),
    'init.confine': limits.map(({ name, soft, hard }) =>
      call('prlimit64', [0, RLIMITS[name], struct('rlimit64', { rlim_cur: bits(soft), rlim_max: bits(hard) }), null], {
        hints: {
          EPERM:
            `raising the hard limit of ${name} needs CAP_SYS_RESOURCE; ask for at most what \`ulimit -H\` shows, or ` +
            `raise it for whoever starts rt${name === 'RLIMIT_NOFILE' ? ' (and never above the sysctl fs.nr_open)' : ''}`,
        },
      }),
    ),
  }
}

/** A limit as the kernel has it; undefined if it is none. */
function bits(value: RlimitValue): bigint {
  return value === 'unlimited' ? RLIM_INFINITY : BigInt(value)
}

const isValue = (value: RlimitValue): boolean =>
  value === 'unlimited' ||
  (typeof value === 'bigint' ? value >= 0n && value <= RLIM_INFINITY : Number.isSafeInteger(value) && value >= 0)

function complaints(limits: readonly Rlimit[]): Complaint[] {
  return limits.flatMap(({ name, soft, hard }, i) => {
    const path = `rlimits[${i}]`
    if (!Object.hasOwn(RLIMITS, name)) return [{ path, message: `no resource limit is named ${JSON.stringify(name)}` }]
    const bad = [soft, hard].filter((value) => !isValue(value))
    if (bad.length)
      return [{ path, message: `${name}: ${bad.join(' and ')} is no limit; a whole number or "unlimited"` }]
    const found: Complaint[] = []
    if (bits(soft) > bits(hard)) found.push({ path, message: `${name}: soft ${soft} is above hard ${hard}` })
    if (limits.findIndex((other) => other.name === name) < i) found.push({ path, message: `${name} is given twice` })
    return found
  })
}
