import { type Condition, type Interval, largest, WORD32 } from './condition.js'
import type { FilterGraph, NodeId } from './graph.js'
import { Segments, segmentTree } from './segment-tree.js'

/** What a call must be like for a verdict: all conditions hold. */
export interface Clause {
  readonly conditions: readonly Condition[]
  readonly verdict: NodeId
}

interface WideSegment {
  readonly from: bigint
  readonly to: NodeId
}

/** Questions about one system call: some hundred instructions. */
const MOST_QUESTIONS = 200

/** How much oftener than others an upper half is zero. */
const USUAL = 100

/** seccomp_data.args, little-endian. */
const ARGUMENTS = 16
const lowWord = (argument: number): number => ARGUMENTS + argument * 8
const highWord = (argument: number): number => lowWord(argument) + 4

/**
 * The part of a filter that looks at the arguments of one system call. The first clause whose conditions hold decides.
 *
 * One argument after the other: the values that conditions compare it with cut its range into segments; in each of them
 * some conditions hold and some don't, which leaves a smaller question about the other arguments. Equal questions are
 * asked once. Where that makes too many of them (each rule about every argument, all different), the clauses are tried one
 * after the other.
 */
export class ArgumentTests {
  private readonly asked = new Map<string, NodeId>()
  private questions = 0

  constructor(
    private readonly graph: FilterGraph,
    /** 64-bit arguments, as against 32-bit ones. */
    private readonly wide: boolean,
  ) {}

  decide(clauses: readonly Clause[], otherwise: NodeId): NodeId {
    this.questions = 0
    const node = this.ask(clauses, otherwise)
    return this.questions > MOST_QUESTIONS ? this.chain(clauses, otherwise) : node
  }

  private ask(clauses: readonly Clause[], otherwise: NodeId): NodeId {
    if (this.questions > MOST_QUESTIONS) return otherwise
    const end = clauses.findIndex(({ conditions }) => conditions.length === 0)
    const last = end < 0 ? otherwise : (clauses[end] as Clause).verdict
    const open = end < 0 ? clauses : clauses.slice(0, end)
    const [condition] = open[0]?.conditions ?? []
    if (condition === undefined) return last
    const key = `${open.map(keyOf).join(';')}/${last}`
    const known = this.asked.get(key)
    if (known !== undefined) return known
    this.questions++
    const node =
      condition.kind === 'masked' ? this.masked(condition, open, last) : this.segments(condition.argument, open, last)
    // A node that was given up half-way is no answer.
    if (this.questions <= MOST_QUESTIONS) this.asked.set(key, node)
    return node
  }

  private chain(clauses: readonly Clause[], otherwise: NodeId): NodeId {
    return clauses.reduceRight(
      (next, { conditions, verdict }) =>
        conditions.reduceRight((then, condition) => {
          this.questions = 0
          const met = { conditions: [condition], verdict: then }
          return condition.kind === 'masked'
            ? this.test(condition, then, next)
            : this.segments(condition.argument, [met], next)
        }, verdict),
      otherwise,
    )
  }

  private segments(argument: number, clauses: readonly Clause[], otherwise: NodeId): NodeId {
    const isHere = (condition: Condition): boolean => condition.kind === 'within' && condition.argument === argument
    const cuts = new Set([0n])
    for (const { conditions } of clauses) {
      for (const each of conditions) {
        if (each.kind !== 'within' || each.argument !== argument) continue
        for (const [from, to] of each.intervals) {
          cuts.add(from)
          if (to < largest(this.wide)) cuts.add(to + 1n)
        }
      }
    }
    const starts = [...cuts].sort((a, b) => (a < b ? -1 : 1))
    return this.find(
      argument,
      starts.map((from) => ({
        from,
        to: this.ask(
          clauses
            .filter(({ conditions }) => conditions.every((each) => !isHere(each) || contains(each, from)))
            .map(({ conditions, verdict }) => ({ conditions: conditions.filter((each) => !isHere(each)), verdict })),
          otherwise,
        ),
      })),
    )
  }

  /** A tree over the upper half, and where that doesn't decide, over the lower one. */
  private find(argument: number, segments: readonly WideSegment[]): NodeId {
    const low = (inside: readonly WideSegment[]): NodeId => {
      const found = segmentsOf(inside.map(({ from, to }) => ({ from: Number(from & WORD32), to })))
      if (found.to.length === 1) return found.to[0] as NodeId
      return this.graph.load(lowWord(argument), segmentTree(this.graph, `low ${argument}`, found))
    }
    if (!this.wide) return low(segments)
    // Something new begins in these upper halves, or right after them.
    const halves = new Set(segments.map(({ from }) => from >> 32n).flatMap((half) => [half, half + 1n]))
    const high = segmentsOf(
      [...halves]
        .filter((half) => half <= WORD32)
        .sort((a, b) => (a < b ? -1 : 1))
        .map((half) => {
          const start = half << 32n
          const before = segments.findLast(({ from }) => from <= start) as WideSegment
          const within = segments.filter(({ from }) => from > start && from >> 32n === half)
          // Almost every argument is an int or a set of flags.
          const weight = half === 0n ? USUAL : 1
          return { from: Number(half), to: low([{ from: start, to: before.to }, ...within]), weight }
        }),
    )
    if (high.to.length === 1) return high.to[0] as NodeId
    return this.graph.load(highWord(argument), segmentTree(this.graph, `high ${argument}`, high))
  }

  private masked(condition: Condition & { kind: 'masked' }, clauses: readonly Clause[], otherwise: NodeId): NodeId {
    const key = conditionKey(condition)
    const same = (each: Condition): boolean => conditionKey(each) === key
    const then = this.ask(
      clauses.map(({ conditions, verdict }) => ({ conditions: conditions.filter((each) => !same(each)), verdict })),
      otherwise,
    )
    const not = this.ask(
      clauses.filter(({ conditions }) => !conditions.some(same)),
      otherwise,
    )
    return this.test(condition, then, not)
  }

  private test({ argument, mask, value }: Condition & { kind: 'masked' }, then: NodeId, not: NodeId): NodeId {
    const low = this.bits(lowWord(argument), Number(mask & WORD32), Number(value & WORD32), then, not)
    return this.wide ? this.bits(highWord(argument), Number(mask >> 32n), Number(value >> 32n), low, not) : low
  }

  /** A half of a masked argument; nothing to do where no bit of it counts. */
  private bits(offset: number, mask: number, value: number, then: NodeId, otherwise: NodeId): NodeId {
    const { graph } = this
    if (mask === 0) return then
    if (value === 0) return graph.load(offset, graph.test(`at ${offset}`, 'anySet', mask, otherwise, then))
    const isWhole = mask === Number(WORD32)
    const test = graph.test(`at ${offset}${isWhole ? '' : ` & ${mask}`}`, 'equal', value, then, otherwise)
    return graph.load(offset, test, isWhole ? undefined : mask)
  }
}

const contains = (condition: Condition, value: bigint): boolean =>
  condition.kind === 'within' && condition.intervals.some(([from, to]: Interval) => from <= value && value <= to)

const conditionKey = (condition: Condition): string =>
  condition.kind === 'masked'
    ? `${condition.argument}&${condition.mask}=${condition.value}`
    : `${condition.argument}:${condition.intervals.join(' ')}`

const keyOf = ({ conditions, verdict }: Clause): string => `${conditions.map(conditionKey).join('+')}>${verdict}`

function segmentsOf(ranges: readonly { from: number; to: NodeId; weight?: number }[]): Segments {
  const found = new Segments()
  for (const { from, to, weight } of ranges) found.add(from, to, weight)
  return found
}
