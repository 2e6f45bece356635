import type { FilterGraph, NodeId } from './graph.js'

/** Values from `from` (inclusive) up to the next segment, which all lead to one node. */
export interface Segment {
  readonly from: number
  readonly to: NodeId
  /** How often it is asked for, against others; default 1. */
  readonly weight?: number
}

interface Weighed {
  readonly from: number
  readonly last: number
  readonly to: NodeId
  readonly weight: number
}

const LARGEST = 0xffffffff

/**
 * A tree of comparisons that finds a word's segment: balanced by weight, so that what is asked for often is found after
 * few. A heavy single value is compared first; what is around it then has no hole.
 *
 * @param word what is in A
 * @param segments in order, the first from 0, the last up to 2^32 - 1
 */
export function segmentTree(graph: FilterGraph, word: string, segments: readonly Segment[]): NodeId {
  const weighed = segments.map(
    ({ from, to, weight = 1 }, i): Weighed => ({ from, last: (segments[i + 1]?.from ?? LARGEST + 1) - 1, to, weight }),
  )
  return tree(graph, word, merged(weighed))
}

function tree(graph: FilterGraph, word: string, segments: readonly Weighed[]): NodeId {
  const [first, second] = segments as [Weighed, Weighed]
  if (segments.length === 1) return first.to
  const total = segments.reduce((sum, { weight }) => sum + weight, 0)
  const single = segments.findIndex((each) => isSingle(each) && (each.weight * 2 >= total || isHole(segments, each)))
  if (single >= 0) {
    const { from, to } = segments[single] as Weighed
    return graph.test(word, 'equal', from, to, tree(graph, word, without(segments, single)))
  }
  if (segments.length === 2) return graph.test(word, 'atLeast', second.from, second.to, first.to)
  const at = balanced(segments, total)
  const right = tree(graph, word, segments.slice(at))
  const left = tree(graph, word, segments.slice(0, at))
  return graph.test(word, 'atLeast', (segments[at] as Weighed).from, right, left)
}

const isSingle = ({ from, last }: Weighed): boolean => from === last

/** The one odd value among others that are all the same: one comparison instead of two. */
const isHole = (segments: readonly Weighed[], { to }: Weighed): boolean =>
  segments.length <= 3 && new Set(segments.filter((each) => each.to !== to).map((each) => each.to)).size === 1

/** Without a segment, whose values are a neighbour's from now on: nobody comes here with them. */
function without(segments: readonly Weighed[], at: number): Weighed[] {
  const gone = segments[at] as Weighed
  const left = [...segments.slice(0, at), ...segments.slice(at + 1)]
  const heir = at === 0 ? 0 : at - 1
  const grown = left[heir] as Weighed
  left[heir] = at === 0 ? { ...grown, from: gone.from } : { ...grown, last: gone.last }
  return merged(left)
}

function merged(segments: readonly Weighed[]): Weighed[] {
  const found: Weighed[] = []
  for (const each of segments) {
    const before = found.at(-1)
    if (before?.to !== each.to) found.push(each)
    else found[found.length - 1] = { ...before, last: each.last, weight: before.weight + each.weight }
  }
  return found
}

/** Where to cut so that both sides weigh the same, as far as that goes. */
function balanced(segments: readonly Weighed[], total: number): number {
  let best = 1
  let least = Number.POSITIVE_INFINITY
  let left = 0
  for (let at = 1; at < segments.length; at++) {
    left += (segments[at - 1] as Weighed).weight
    const difference = Math.abs(total - 2 * left)
    if (difference < least) [best, least] = [at, difference]
  }
  return best
}
