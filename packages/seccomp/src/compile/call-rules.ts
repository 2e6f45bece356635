import { type Abi, is32Bit } from '../numbers/abi.js'
import { multiplexerOf } from '../numbers/multiplexed.js'
import { numberOf } from '../numbers/syscall-numbers.js'
import { returnValue } from '../profile/actions.js'
import type { ArgumentCondition, SeccompProfile } from '../profile/profile.js'
import type { SelectedRule } from '../profile/select-rules.js'
import { type Condition, conditionOf } from './condition.js'

/** A rule about one system call of one ABI: the first whose conditions hold decides. */
export interface CallRule {
  /** Where it stands in the profile's `syscalls`. */
  readonly index: number
  readonly conditions: readonly Condition[]
  /** SECCOMP_RET_* */
  readonly action: number
}

/** The rules of an ABI's system calls, by number. */
export interface CallRules {
  readonly byNumber: ReadonlyMap<number, readonly CallRule[]>
  /** Numbers that the profile knows, whether a rule says anything about them or not. */
  readonly named: readonly number[]
}

/** errno's default is that of `returnValue`. */
export const defaultReturn = ({ defaultAction, defaultErrnoRet }: SeccompProfile): number =>
  returnValue(defaultAction, defaultErrnoRet)

/** What selected rules say in one ABI. Rules whose action is the default's own say nothing, as in runc. */
export function callRules(profile: SeccompProfile, selected: readonly SelectedRule[], abi: Abi): CallRules {
  const byNumber = new Map<number, CallRule[]>()
  const named: number[] = []
  const otherwise = defaultReturn(profile)
  const add = (number: number, rule: CallRule): void => {
    const list = byNumber.get(number)
    if (list) list.push(rule)
    else byNumber.set(number, [rule])
  }
  for (const { index, rule } of selected) {
    const action = returnValue(rule.action, rule.errnoRet)
    const alternatives = alternativesOf(rule.args ?? [], !is32Bit(abi)).map((conditions) => ({
      index,
      conditions,
      action,
    }))
    for (const name of namesOf(rule)) {
      const number = numberOf(name, abi)
      if (number !== undefined) named.push(number)
      if (action === otherwise) continue
      const multiplexer = abi === 'x86' ? multiplexerOf(name) : undefined
      for (const each of alternatives) {
        if (number !== undefined) add(number, each)
        if (multiplexer) {
          // What its arguments are lies in memory, where a filter can't look.
          const others = each.conditions.filter(({ argument }) => argument !== 0)
          const selects: Condition = conditionOf({ index: 0, op: 'SCMP_CMP_EQ', value: multiplexer.selector }, false)
          add(numberOf(multiplexer.call, abi) as number, { index, conditions: [selects, ...others], action })
        }
      }
    }
  }
  for (const [number, rules] of byNumber) if (rules.length > 1) byNumber.set(number, inOrder(rules))
  return { byNumber, named }
}

export const namesOf = ({
  names,
  name,
}: {
  readonly names?: readonly string[]
  readonly name?: string
}): readonly string[] => (names?.length ? names : name ? [name] : [])

/** Conditions of which all must hold; or, where two are about one argument, each alone. */
function alternativesOf(args: readonly ArgumentCondition[], wide: boolean): readonly (readonly Condition[])[] {
  const conditions = args.map((each) => conditionOf(each, wide))
  const isOneArgumentEach = new Set(args.map(({ index }) => index)).size === args.length
  return isOneArgumentEach ? [conditions] : conditions.map((each) => [each])
}

/** A rule without conditions decides wherever it stands, as in libseccomp: it is the only one that counts. */
const inOrder = (rules: CallRule[]): CallRule[] => {
  const always = rules.find(({ conditions }) => conditions.length === 0)
  return always ? [always] : rules
}
