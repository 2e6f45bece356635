import { type Abi, is32Bit } from '../numbers/abi.js'
import { MULTIPLEXERS, multiplexedBy } from '../numbers/multiplexed.js'
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

/** What is said of a name; the same object for names of which the same is said. */
export interface Said {
  /** Places among the selected rules: of those that decide nothing too. */
  readonly by: number[]
  /** For a call of i386 that does the work of others. */
  readonly multiplexer?: string
  wide?: readonly CallRule[]
  narrow?: readonly CallRule[]
}

/**
 * The rules of a situation by the names that they are about. A name is looked up once for all ABIs; most have one rule,
 * and all names of a rule share what is made of it.
 */
export class CallRules {
  readonly byName: ReadonlyMap<string, Said>
  private readonly otherwise: number

  constructor(
    profile: SeccompProfile,
    private readonly selected: readonly SelectedRule[],
  ) {
    this.otherwise = defaultReturn(profile)
    const said = new Map<string, Said>()
    this.byName = said
    for (let place = 0; place < selected.length; place++) {
      const alone: Said = { by: [place] }
      for (const name of namesOf((selected[place] as SelectedRule).rule)) {
        const before = said.get(name)
        if (before === undefined) said.set(name, alone)
        else if (before.by.length > 1) before.by.push(place)
        else said.set(name, { by: [...before.by, place] })
      }
    }
    // No other ABI has a call of these names.
    for (const multiplexer of MULTIPLEXERS) said.set(multiplexer, { by: said.get(multiplexer)?.by ?? [], multiplexer })
  }

  /** What is to be looked at for a call, in order. */
  list(said: Said, abi: Abi): readonly CallRule[] {
    if (is32Bit(abi)) {
      said.narrow ??= this.inOrder(said, false)
      return said.narrow
    }
    said.wide ??= this.inOrder(said, true)
    return said.wide
  }

  /** A rule without conditions decides wherever it stands, as in libseccomp: it is the only one that counts. */
  private inOrder(said: Said, wide: boolean): readonly CallRule[] {
    const rules = this.rules(said, wide)
    const always = rules.find(({ conditions }) => conditions.length === 0)
    if (always) return [always]
    if (said.multiplexer === undefined) return rules
    return [...rules, ...this.multiplexed(said.multiplexer)].sort((a, b) => a.index - b.index)
  }

  /** Rules whose action is the default's own say nothing, as in runc. */
  private rules({ by }: Said, wide: boolean): CallRule[] {
    const found: CallRule[] = []
    for (const place of by) {
      const { index, rule } = this.selected[place] as SelectedRule
      const action = returnValue(rule.action, rule.errnoRet)
      if (action === this.otherwise) continue
      for (const conditions of alternativesOf(rule.args ?? [], wide)) found.push({ index, conditions, action })
    }
    return found
  }

  /** What is said of the calls that another one does too is said of that one, for their selectors. */
  private multiplexed(multiplexer: string): CallRule[] {
    return multiplexedBy(multiplexer).flatMap(({ name, selector }) => {
      const said = this.byName.get(name)
      if (said === undefined) return []
      const selects = conditionOf({ index: 0, op: 'SCMP_CMP_EQ', value: selector }, false)
      return this.rules(said, false).map(({ index, conditions, action }) => ({
        index,
        // What its arguments are lies in memory, where a filter can't look.
        conditions: [selects, ...conditions.filter(({ argument }) => argument !== 0)],
        action,
      }))
    })
  }
}

/** errno's default is that of `returnValue`. */
export const defaultReturn = ({ defaultAction, defaultErrnoRet }: SeccompProfile): number =>
  returnValue(defaultAction, defaultErrnoRet)

export const namesOf = ({
  names,
  name,
}: {
  readonly names?: readonly string[]
  readonly name?: string
}): readonly string[] => (names?.length ? names : name ? [name] : [])

const UNCONDITIONAL: readonly (readonly Condition[])[] = [[]]

/** Conditions of which all must hold; or, where two are about one argument, each alone. */
function alternativesOf(args: readonly ArgumentCondition[], wide: boolean): readonly (readonly Condition[])[] {
  if (args.length === 0) return UNCONDITIONAL
  const conditions = args.map((each) => conditionOf(each, wide))
  const isOneArgumentEach = new Set(args.map(({ index }) => index)).size === args.length
  return isOneArgumentEach ? [conditions] : conditions.map((each) => [each])
}
