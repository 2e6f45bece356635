import { RtError } from '@rt/sys'
import { type Abi, AUDIT_ARCH } from '../numbers/abi.js'
import type { SeccompProfile } from '../profile/profile.js'
import type { SelectedRule } from '../profile/select-rules.js'
import { CallRules, defaultReturn } from './call-rules.js'
import { encode, instructionsOf, MAX_INSTRUCTIONS } from './encode.js'
import { FilterGraph } from './graph.js'
import { NumberRanges } from './number-ranges.js'
import { segmentTree } from './segment-tree.js'
import { BAD_ARCHITECTURE, unruled } from './ways-in.js'

/** Offsets in struct seccomp_data, uapi/linux/seccomp.h. */
const NUMBER = 0
const ARCHITECTURE = 4

/**
 * Compile rules to BPF.
 *
 *     architecture → tree over the numbers → of some, trees over the arguments → return
 *
 * @throws RtError RT_INVALID_CONFIG for more than the kernel's 4096 instructions
 */
export function compile(profile: SeccompProfile, selected: readonly SelectedRule[], abis: readonly Abi[]): Uint8Array {
  const graph = new FilterGraph()
  const rules = new CallRules(profile, selected)
  const otherwise = defaultReturn(profile)
  const numbers = new NumberRanges(graph, rules, otherwise)
  let start = graph.return(BAD_ARCHITECTURE)
  // The processor's own architecture is compared first.
  for (const [architecture, ranges] of [...unruled(abis, rules, otherwise)].reverse()) {
    const own = abis.filter((abi) => AUDIT_ARCH[abi] === architecture)
    const tree = graph.load(NUMBER, segmentTree(graph, NUMBER, numbers.of(own, ranges)))
    start = graph.test(ARCHITECTURE, 'equal', architecture, tree, start)
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
