import type { FilterGraph, NodeId } from './graph.js'

/** A word's values as ranges, in order, each from its `from` up to the next one's; the first is from 0. */
export class Segments {
  readonly from: number[] = []
  readonly to: NodeId[] = []
  /** How often each is asked for, against others. */
  readonly weight: number[] = []

  /** A range that leads to where the one before it leads is no other range. */
  add(from: number, to: NodeId, weight = 1): void {
    const last = this.to.length - 1
    if (last >= 0 && this.to[last] === to) {
      this.weight[last] = Math.max(this.weight[last] as number, weight)
      return
    }
    this.from.push(from)
    this.to.push(to)
    this.weight.push(weight)
  }

  /**
   * Take a range out of those from `start` to `end` (exclusive). Its values become a neighbour's: nobody comes there with
   * them. The ranges before it move up, so that nothing is copied.
   *
   * @returns the new start
   */
  take(gone: number, start: number, end: number): number {
    const { from, to, weight } = this
    if (gone === start) {
      from[gone + 1] = from[gone] as number
      return gone + 1
    }
    let by = 1
    if (gone + 1 < end && to[gone - 1] === to[gone + 1]) {
      // What was around it is one range now.
      weight[gone + 1] = Math.max(weight[gone - 1] as number, weight[gone + 1] as number)
      from[gone + 1] = from[gone - 1] as number
      by = 2
    }
    for (let i = gone - by; i >= start; i--) {
      from[i + by] = from[i] as number
      to[i + by] = to[i] as NodeId
      weight[i + by] = weight[i] as number
    }
    return start + by
  }
}

const LARGEST = 0xffffffff

/** Of three equal values that are all that counts, one after the other takes two comparisons on average; a tree takes more. */
const HEAVY = 0.3

/**
 * A tree of comparisons that finds a word's range: balanced by weight, so that what is asked for often is found after
 * few. A heavy single value is compared first; what is around it then has no hole.
 *
 * @param word the offset of what is in A
 * @param segments used up by it
 */
export function segmentTree(graph: FilterGraph, word: number, segments: Segments): NodeId {
  return new Tree(graph, word).of(segments, 0, segments.to.length, LARGEST)
}

class Tree {
  constructor(
    private readonly graph: FilterGraph,
    private readonly word: number,
  ) {}

  /** Of the ranges from `start` to `end` (exclusive), whose last value is `largest`. */
  of(segments: Segments, start: number, end: number, largest: number): NodeId {
    const { from, to, weight } = segments
    if (end - start === 1) return to[start] as NodeId
    let total = 0
    let heaviest = -1
    for (let i = start; i < end; i++) {
      total += weight[i] as number
      const last = i + 1 < end ? (from[i + 1] as number) - 1 : largest
      const isSingle = from[i] === last
      if (isSingle && (heaviest < 0 || (weight[i] as number) > (weight[heaviest] as number))) heaviest = i
    }
    const isHole = end - start === 3 && heaviest === start + 1 && to[start] === to[start + 2]
    if (heaviest >= 0 && (isHole || (weight[heaviest] as number) >= total * HEAVY)) {
      const value = from[heaviest] as number
      const found = to[heaviest] as NodeId
      const otherwise = this.of(segments, segments.take(heaviest, start, end), end, largest)
      return this.graph.test(this.word, 'equal', value, found, otherwise)
    }
    const middle = balanced(weight, start, end, total)
    const border = from[middle] as number
    const above = this.of(segments, middle, end, largest)
    return this.graph.test(this.word, 'atLeast', border, above, this.of(segments, start, middle, border - 1))
  }
}

/** Where to cut so that both sides weigh the same, as far as that goes. */
function balanced(weight: readonly number[], start: number, end: number, total: number): number {
  let best = start + 1
  let least = Number.POSITIVE_INFINITY
  let left = 0
  for (let at = start + 1; at < end; at++) {
    left += weight[at - 1] as number
    const difference = Math.abs(total - 2 * left)
    if (difference >= least) break
    best = at
    least = difference
  }
  return best
}
