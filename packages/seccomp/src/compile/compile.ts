import { RtError } from '@rt/sys'
import { type Abi, AUDIT_ARCH, is32Bit } from '../numbers/abi.js'
import type { SeccompProfile } from '../profile/profile.js'
import type { SelectedRule } from '../profile/select-rules.js'
import { ArgumentTests } from './argument-tests.js'
import { type CallRules, callRules, defaultReturn } from './call-rules.js'
import { encode, instructionsOf, MAX_INSTRUCTIONS } from './encode.js'
import { FilterGraph, type NodeId } from './graph.js'
import { type Segment, segmentTree } from './segment-tree.js'
import { BAD_ARCHITECTURE, type Otherwise, unruled } from './ways-in.js'

/** Offsets in struct seccomp_data, uapi/linux/seccomp.h. */
const NUMBER = 0
const ARCHITECTURE = 4

/**
 * The kernel keeps a map of the calls that a filter allows whatever their arguments (Linux 5.11): only the others run it,
 * so those whose arguments are looked at should be found first.
 */
const LOOKED_AT = 64

/**
 * Compile rules to BPF.
 *
 *     architecture → tree over the numbers → of some, trees over the arguments → return
 *
 * @throws RtError RT_INVALID_CONFIG for more than the kernel's 4096 instructions
 */
export function compile(profile: SeccompProfile, selected: readonly SelectedRule[], abis: readonly Abi[]): Uint8Array {
  const graph = new FilterGraph()
  const rules = new Map(abis.map((abi) => [abi, callRules(profile, selected, abi)]))
  const otherwise = defaultReturn(profile)
  let start = graph.return(BAD_ARCHITECTURE)
  // The processor's own architecture is compared first.
  for (const [architecture, ranges] of [...unruled(rules, otherwise)].reverse()) {
    const own = [...rules].filter(([abi]) => AUDIT_ARCH[abi] === architecture)
    const tree = graph.load(NUMBER, segmentTree(graph, 'number', segments(graph, own, ranges, otherwise)))
    start = graph.test('architecture', 'equal', architecture, tree, start)
  }
  const instructions = instructionsOf(graph, graph.load(ARCHITECTURE, start))
  if (instructions.length > MAX_INSTRUCTIONS) {
    throw new RtError(
      'RT_INVALID_CONFIG',
      `the seccomp profile makes a filter of ${instructions.length} instructions; the kernel takes ${MAX_INSTRUCTIONS}`,
      { hint: 'fewer conditions on arguments, or fewer architectures' },
    )
  }
  return encode(instructions)
}

/** What happens to each number of an architecture, as ranges that are treated alike. */
function segments(
  graph: FilterGraph,
  abis: readonly (readonly [Abi, CallRules])[],
  ranges: readonly Otherwise[],
  otherwise: number,
): Segment[] {
  const found = new Map<number, Segment>()
  let open = ranges.length
  const starts = ranges.map(({ from, action }) => ({ from, to: graph.return(action) }))
  const byNumber = abis.flatMap(([abi, { byNumber }]) => {
    const tests = new ArgumentTests(graph, !is32Bit(abi))
    return [...byNumber].map(([number, rules]) => {
      const clauses = rules.map(({ conditions, action }) => ({ conditions, verdict: graph.return(action) }))
      return { number, to: tests.decide(clauses, graph.return(otherwise)) }
    })
  })
  byNumber.sort((a, b) => b.number - a.number)
  // From the top down, so that a number's end can be the start of the range that it lies in.
  const rangeOf = (number: number): NodeId => {
    while (open > 1 && (starts[open - 1] as Segment).from > number) open--
    return (starts[open - 1] as Segment).to
  }
  for (const range of starts) found.set(range.from, range)
  for (const { number, to } of byNumber) {
    if (!found.has(number + 1)) found.set(number + 1, { from: number + 1, to: rangeOf(number + 1) })
    const isLookedAt = graph.nodes[to]?.kind !== 'return'
    found.set(number, { from: number, to, ...(isLookedAt ? { weight: LOOKED_AT } : {}) })
  }
  return [...found.values()].sort((a, b) => a.from - b.from)
}
