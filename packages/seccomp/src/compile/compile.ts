import { RtError } from '@rt/sys'
import { type Abi, AUDIT_ARCH, is32Bit } from '../numbers/abi.js'
import type { SeccompProfile } from '../profile/profile.js'
import type { SelectedRule } from '../profile/select-rules.js'
import { ArgumentTests } from './argument-tests.js'
import { type CallRule, type CallRules, callRules, defaultReturn } from './call-rules.js'
import { encode, instructionsOf, MAX_INSTRUCTIONS } from './encode.js'
import { FilterGraph, type NodeId } from './graph.js'
import { Segments, segmentTree } from './segment-tree.js'
import { BAD_ARCHITECTURE, type Otherwise, unruled } from './ways-in.js'

/** Offsets in struct seccomp_data, uapi/linux/seccomp.h. */
const NUMBER = 0
const ARCHITECTURE = 4

/**
 * The kernel keeps a map of the calls that a filter allows whatever their arguments (Linux 5.11), for all ABIs but x32:
 * only the others run it. So those whose arguments are looked at should be found first, and of them those with most to
 * look at.
 */
const LOOKED_AT = 1000

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
): Segments {
  const ruled: { readonly number: number; readonly to: NodeId; readonly weight: number }[] = []
  for (const [abi, { byNumber }] of abis) {
    const tests = new ArgumentTests(graph, !is32Bit(abi))
    for (const [number, rules] of byNumber) {
      const [first] = rules as [CallRule, ...CallRule[]]
      const to =
        first.conditions.length === 0
          ? graph.return(first.action)
          : tests.decide(
              rules.map(({ conditions, action }) => ({ conditions, verdict: graph.return(action) })),
              graph.return(otherwise),
            )
      const isLookedAt = graph.nodes[to]?.kind !== 'return' && abi !== 'x32'
      ruled.push({ number, to, weight: isLookedAt ? LOOKED_AT * (1 + rules.length) : 1 })
    }
  }
  ruled.sort((a, b) => a.number - b.number)
  const found = new Segments()
  let next = 0
  ranges.forEach(({ from, action }, i) => {
    const end = ranges[i + 1]?.from ?? Number.POSITIVE_INFINITY
    const to = graph.return(action)
    let at = from
    for (; next < ruled.length && (ruled[next] as { number: number }).number < end; next++) {
      const { number, to: own, weight } = ruled[next] as (typeof ruled)[number]
      if (number > at) found.add(at, to)
      found.add(number, own, weight)
      at = number + 1
    }
    if (at < end) found.add(at, to)
  })
  return found
}
