import { RtError, refuseUnknownOptions } from '@rt/sys'
import { type CallRule, CallRules, defaultReturn, namesOf } from './compile/call-rules.js'
import { holds } from './compile/condition.js'
import { unruled } from './compile/ways-in.js'
import { FILTER_OPTIONS, type FilterOptions, situationOf } from './filter.js'
import { type Abi, AUDIT_ARCH } from './numbers/abi.js'
import { isKnownName, numberOf } from './numbers/syscall-numbers.js'
import { formatReturn } from './profile/actions.js'
import { OPERATORS } from './profile/operators.js'
import type { RuleFilter, SeccompProfile, SyscallRule } from './profile/profile.js'
import { selectAbis, selectRules } from './profile/select-rules.js'

/** A system call to be judged. */
export interface JudgedCall {
  readonly name: string
  /** Up to six; those that are not given are 0. */
  readonly args?: readonly (number | bigint)[] | undefined
  /** The way into the kernel; default: the processor's own. */
  readonly abi?: Abi | undefined
}

export interface Judgement {
  /** SECCOMP_RET_*, with its data. */
  readonly value: number
  /** The same in words: `ALLOW`, `ERRNO(EPERM)`. */
  readonly verdict: string
  /** The rule that decides, as an index of the profile's `syscalls`; undefined where the default does. */
  readonly rule: number | undefined
  /** Why: sentences. */
  readonly reasons: readonly string[]
}

/**
 * What a profile says about one call, and why. From the rules themselves, not from the filter that is made of them.
 *
 * @throws RtError RT_INVALID_OPTION for a name that the ABI doesn't have
 */
export function judge(profile: SeccompProfile, call: JudgedCall, options: FilterOptions = {}): Judgement {
  refuseUnknownOptions('judge', options, FILTER_OPTIONS)
  const situation = situationOf(options)
  const abis = selectAbis(profile, situation.arch)
  const abi = call.abi ?? abis[0]
  if (abi === undefined || !abis.includes(abi)) {
    throw new RtError('RT_INVALID_OPTION', `the profile is not about ${abi}: its calls kill the thread`)
  }
  const number = numberOf(call.name, abi)
  if (number === undefined) {
    const what = isKnownName(call.name)
      ? `${abi} has no system call ${call.name}`
      : `no system call is named ${call.name}`
    throw new RtError('RT_INVALID_OPTION', what)
  }
  const selected = selectRules(profile, situation)
  const rules = new CallRules(profile, selected)
  const said = rules.byName.get(call.name)
  const candidates = said ? rules.list(said, abi) : []
  const args = Array.from({ length: 6 }, (_, i) => BigInt.asUintN(64, BigInt(call.args?.[i] ?? 0)))
  const met = candidates.find(({ conditions }) =>
    conditions.every((each) => holds(each, args[each.argument] as bigint)),
  )
  const told = (value: number, reasons: readonly string[]): Judgement => ({
    value,
    verdict: formatReturn(value),
    rule: met?.index,
    reasons,
  })
  if (met) return told(met.action, [reasonOf(profile, met)])
  const fallback = unruled(abis, rules, defaultReturn(profile)).get(AUDIT_ARCH[abi]) ?? []
  const value = fallback.findLast(({ from }) => from <= number)?.action ?? defaultReturn(profile)
  const isNewer = value !== defaultReturn(profile)
  const numbers = new Set(selected.map(({ index }) => index))
  const others = (profile.syscalls ?? []).flatMap((rule, index) =>
    !numbers.has(index) && namesOf(rule).includes(call.name)
      ? [`syscalls[${index}] does not count here: ${needs(rule)}`]
      : [],
  )
  const unmet = candidates.map((rule) => `not ${reasonOf(profile, rule)}`)
  const why = isNewer
    ? 'newer than every call that the profile names: ENOSYS, so that a program falls back to an older one'
    : candidates.length > 0
      ? 'no rule holds for these arguments: the default'
      : 'no rule is about it: the default'
  return told(value, [why, ...unmet, ...others])
}

function reasonOf({ syscalls }: SeccompProfile, { index }: CallRule): string {
  const rule = (syscalls ?? [])[index] as SyscallRule
  const conditions = (rule.args ?? []).map(({ index: i, op, value, valueTwo = 0 }) => {
    const hex = (each: number | bigint): string => `0x${each.toString(16)}`
    return op === 'SCMP_CMP_MASKED_EQ'
      ? `args[${i}] & ${hex(value)} == ${hex(valueTwo)}`
      : `args[${i}] ${OPERATORS[op]} ${value}`
  })
  const asked = needs(rule)
  return [
    `syscalls[${index}]`,
    conditions.length > 0 ? `: ${conditions.join(', ')}` : '',
    asked === '' ? '' : ` (${asked})`,
    rule.comment ? `: ${rule.comment}` : '',
  ].join('')
}

/** What a rule depends on besides the call. */
function needs({ includes, excludes }: SyscallRule): string {
  const words = (filter: RuleFilter | null | undefined, how: string): string[] =>
    filter
      ? [
          ...(filter.caps ?? []).map((name) => `${how} ${name}`),
          ...(filter.arches?.length ? [`${how === 'with' ? 'on' : 'not on'} ${filter.arches.join(', ')}`] : []),
          ...(filter.minKernel ? [`${how === 'with' ? 'from' : 'before'} Linux ${filter.minKernel}`] : []),
        ]
      : []
  return [...words(includes, 'with'), ...words(excludes, 'without')].join(', ')
}
