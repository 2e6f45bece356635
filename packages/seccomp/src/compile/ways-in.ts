import {
  SECCOMP_RET_ALLOW,
  SECCOMP_RET_ERRNO,
  SECCOMP_RET_KILL_THREAD,
  SECCOMP_RET_LOG,
  SECCOMP_RET_TRACE,
} from '@rt/sys'
import { type Abi, AUDIT_ARCH } from '../numbers/abi.js'
import { ARM_PRIVATE, blocks } from '../numbers/syscall-numbers.js'
import { X32_BIT } from '../numbers/x32.js'
import { actionOf } from '../profile/actions.js'
import type { CallRules } from './call-rules.js'

/** What becomes of a number that no rule is about. */
export interface Otherwise {
  readonly from: number
  readonly action: number
}

const ENOSYS = 38
const NO_SUCH_CALL = SECCOMP_RET_ERRNO | ENOSYS
/** What libseccomp does with a call of an architecture that the profile doesn't name. */
export const BAD_ARCHITECTURE = SECCOMP_RET_KILL_THREAD
const PERMISSIVE: ReadonlySet<number> = new Set([SECCOMP_RET_ALLOW, SECCOMP_RET_LOG, SECCOMP_RET_TRACE])
/** A tracer that skips a call sets its number to this. */
const SKIPPED = 0xffffffff

/**
 * What happens to the numbers without a rule, from 0 up, by `seccomp_data.arch`.
 *
 * Numbers above the highest that the profile names are calls newer than it. They get ENOSYS and not the default's errno,
 * as in runc: a libc tries a new call and falls back to an old one on ENOSYS alone. Where the default lets calls pass
 * nothing is changed.
 */
export function unruled(abis: readonly Abi[], rules: CallRules, otherwise: number): Map<number, Otherwise[]> {
  const isStrict = !PERMISSIVE.has(actionOf(otherwise)) && otherwise !== NO_SUCH_CALL
  /** From `start`: the default; above the highest that is named, ENOSYS. */
  const part = (abi: Abi, start: number, end: number): Otherwise[] => {
    const most = isStrict ? highest(rules, abi, start, end) : -1
    const known: Otherwise = { from: start, action: otherwise }
    return most >= start ? [known, { from: most + 1, action: NO_SUCH_CALL }] : [known]
  }
  const found = new Map<number, Otherwise[]>()
  for (const abi of abis) {
    if (abi === 'x32') continue
    found.set(
      AUDIT_ARCH[abi],
      abi === 'x86_64'
        ? x86(
            part('x86_64', 0, X32_BIT),
            abis.includes('x32') ? part('x32', X32_BIT, 2 * X32_BIT) : undefined,
            otherwise,
          )
        : abi === 'arm' && highest(rules, 'arm', ARM_PRIVATE, SKIPPED) >= 0
          ? [...part('arm', 0, ARM_PRIVATE), ...part('arm', ARM_PRIVATE, SKIPPED)]
          : part(abi, 0, SKIPPED),
    )
  }
  return found
}

/** The highest number from `start` up to `end` that the profile names, whether a rule says anything about it or not; or -1. */
function highest(rules: CallRules, abi: Abi, start: number, end: number): number {
  for (const { first, names } of blocks(abi)) {
    if (first < start || first >= end) continue
    for (let i = names.length - 1; i >= 0; i--) {
      const name = names[i]
      if (name !== undefined && rules.byName.get(name)?.by.length) return first + i
    }
  }
  return -1
}

/** x32's bit decides, also in numbers that neither has: x32 calls are of a bad architecture if the profile lacks it. */
function x86(x64: readonly Otherwise[], x32: readonly Otherwise[] | undefined, otherwise: number): Otherwise[] {
  const beyond = x64.at(-1)?.action === NO_SUCH_CALL ? NO_SUCH_CALL : x32 ? otherwise : BAD_ARCHITECTURE
  return [
    ...x64,
    ...(x32 ?? [{ from: X32_BIT, action: BAD_ARCHITECTURE }]),
    { from: 2 * X32_BIT, action: beyond },
    { from: 3 * X32_BIT, action: x32 ? (x32.at(-1) as Otherwise).action : BAD_ARCHITECTURE },
    ...(x32 ? [] : [{ from: SKIPPED, action: otherwise }]),
  ]
}
