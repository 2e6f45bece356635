import { type Abi, is32Bit } from '../numbers/abi.js'
import { blocks } from '../numbers/syscall-numbers.js'
import { ArgumentTests } from './argument-tests.js'
import type { CallRule, CallRules, Said } from './call-rules.js'
import type { FilterGraph, NodeId } from './graph.js'
import { Segments } from './segment-tree.js'
import type { Otherwise } from './ways-in.js'

/**
 * The kernel keeps a map of the calls that a filter allows whatever their arguments (Linux 5.11), for all ABIs but x32:
 * only the others run it. So those whose arguments are looked at should be found first, and of them those with most to
 * look at.
 */
const LOOKED_AT = 1000

/** What happens to the numbers of system calls, as ranges that are treated alike. */
export class NumberRanges {
  private readonly wide: ArgumentTests
  private readonly narrow: ArgumentTests
  /** The same rules are looked at in the same way, whatever the call: clone's in x86 and x32. */
  private readonly decided = new Map<readonly CallRule[], NodeId>()

  constructor(
    private readonly graph: FilterGraph,
    private readonly rules: CallRules,
    private readonly otherwise: number,
  ) {
    this.wide = new ArgumentTests(graph, true)
    this.narrow = new ArgumentTests(graph, false)
  }

  /**
   * Goes through the tables in the order of the numbers, so that nothing is made for a number alone.
   *
   * @param abis of one architecture, in the order of their numbers
   * @param ranges what happens to a number without a rule
   */
  of(abis: readonly Abi[], ranges: readonly Otherwise[]): Segments {
    const { graph, rules } = this
    const { byName } = rules
    const found = new Segments()
    let at = 0
    let range = 0
    const fill = (end: number): void => {
      while (at < end) {
        const until = ranges[range + 1]?.from ?? Number.POSITIVE_INFINITY
        if (at < until) found.add(at, graph.return((ranges[range] as Otherwise).action))
        if (until <= end) range++
        at = Math.min(until, end)
      }
    }
    for (const abi of abis) {
      let last: Said | undefined
      for (const { first, names } of blocks(abi)) {
        for (let i = 0; i < names.length; i++) {
          const name = names[i]
          const said = name === undefined ? undefined : byName.get(name)
          if (said === undefined) continue
          // Most calls are treated as the one before them.
          if (said !== last || first + i !== at) {
            const list = rules.list(said, abi)
            if (list.length === 0) continue
            const to = this.decide(list, abi)
            const isLookedAt = graph.nodes[to]?.kind !== 'return' && abi !== 'x32'
            if (first + i > at) fill(first + i)
            found.add(first + i, to, isLookedAt ? LOOKED_AT * (1 + list.length) : 1)
          }
          last = said
          at = first + i + 1
        }
      }
    }
    fill(END)
    return found
  }

  private decide(rules: readonly CallRule[], abi: Abi): NodeId {
    const { graph, decided } = this
    const [first] = rules as [CallRule, ...CallRule[]]
    if (first.conditions.length === 0) return graph.return(first.action)
    let node = decided.get(rules)
    if (node === undefined) {
      const clauses = rules.map(({ conditions, action }) => ({ conditions, verdict: graph.return(action) }))
      node = (is32Bit(abi) ? this.narrow : this.wide).decide(clauses, graph.return(this.otherwise))
      decided.set(rules, node)
    }
    return node
  }
}

/** Numbers have 32 bits. */
const END = 2 ** 32
