import { after, type Condition, highHalf, isWithin, largest, lowHalf, type Value, WORD32 } from './condition.js'
import type { FilterGraph, NodeId } from './graph.js'
import { Segments, segmentTree } from './segment-tree.js'

/** What a call must be like for a verdict: all conditions hold. */
export interface Clause {
  readonly conditions: readonly Condition[]
  readonly verdict: NodeId
}

interface WideSegment {
  readonly from: Value
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
    const node = this.ask(clauses, otherwise, true)
    return this.questions > MOST_QUESTIONS ? this.chain(clauses, otherwise) : node
  }

  /** @param isFirst not a part of another question: it isn't asked again */
  private ask(clauses: readonly Clause[], otherwise: NodeId, isFirst = false): NodeId {
    if (this.questions > MOST_QUESTIONS) return otherwise
    const end = clauses.findIndex(({ conditions }) => conditions.length === 0)
    const last = end < 0 ? otherwise : (clauses[end] as Clause).verdict
    const open = end < 0 ? clauses : clauses.slice(0, end)
    const condition = open[0]?.conditions[0]
    if (condition === undefined) return last
    if (isFirst) return this.answer(condition, open, last)
    const key = `${open.map(keyOf).join(';')}/${last}`
    const known = this.asked.get(key)
    if (known !== undefined) return known
    const node = this.answer(condition, open, last)
    // A node that was given up half-way is no answer.
    if (this.questions <= MOST_QUESTIONS) this.asked.set(key, node)
    return node
  }

  private answer(condition: Condition, clauses: readonly Clause[], otherwise: NodeId): NodeId {
    this.questions++
    return condition.kind === 'masked'
      ? this.masked(condition, clauses, otherwise)
      : this.segments(condition.argument, clauses, otherwise)
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
    const cuts = new Set<Value>([0])
    for (const { conditions } of clauses) {
      for (const each of conditions) {
        if (each.kind !== 'within' || each.argument !== argument) continue
        for (const [from, to] of each.intervals) {
          cuts.add(from)
          if (to < largest(this.wide)) cuts.add(after(to))
        }
      }
    }
    const starts = [...cuts].sort((a, b) => (a < b ? -1 : 1))
    return this.find(
      argument,
      starts.map((from) => ({ from, to: this.ask(left(clauses, argument, from), otherwise) })),
    )
  }

  /** A tree over the upper half, and where that doesn't decide, over the lower one. */
  private find(argument: number, segments: readonly WideSegment[]): NodeId {
    const high = new Segments()
    for (let i = 0; i < segments.length; ) {
      const half = highHalf((segments[i] as WideSegment).from)
      const low = new Segments()
      // What began in a half before goes on.
      if (lowHalf((segments[i] as WideSegment).from) > 0) low.add(0, (segments[i - 1] as WideSegment).to)
      for (; i < segments.length && highHalf((segments[i] as WideSegment).from) === half; i++) {
        const { from, to } = segments[i] as WideSegment
        low.add(lowHalf(from), to)
      }
      // Almost every argument is an int or a set of flags.
      high.add(half, this.look(lowWord(argument), low), half === 0 ? USUAL : 1)
      const next = segments[i]
      if (half < WORD32 && (next === undefined || highHalf(next.from) > half + 1)) {
        high.add(half + 1, (segments[i - 1] as WideSegment).to)
      }
    }
    return this.wide ? this.look(highWord(argument), high) : (high.to[0] as NodeId)
  }

  private look(offset: number, segments: Segments): NodeId {
    if (segments.to.length === 1) return segments.to[0] as NodeId
    return this.graph.load(offset, segmentTree(this.graph, offset, segments))
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
    const low = this.bits(lowWord(argument), lowHalf(mask), lowHalf(value), then, not)
    return this.wide ? this.bits(highWord(argument), highHalf(mask), highHalf(value), low, not) : low
  }

  /** A half of a masked argument; nothing to do where no bit of it counts. */
  private bits(offset: number, mask: number, value: number, then: NodeId, otherwise: NodeId): NodeId {
    const { graph } = this
    if (mask === 0) return then
    if (value === 0) return graph.load(offset, graph.test(offset, 'anySet', mask, otherwise, then))
    const some = mask === WORD32 ? undefined : mask
    return graph.load(offset, graph.test(offset, 'equal', value, then, otherwise, some), some)
  }
}

/** What is left of clauses where an argument has a value: those that may still hold, without what is known of it. */
function left(clauses: readonly Clause[], argument: number, value: Value): Clause[] {
  const found: Clause[] = []
  for (const { conditions, verdict } of clauses) {
    const others: Condition[] = []
    let holds = true
    for (const each of conditions) {
      if (each.kind !== 'within' || each.argument !== argument) others.push(each)
      else holds &&= isWithin(each.intervals, value)
    }
    if (holds) found.push({ conditions: others, verdict })
  }
  return found
}

const conditionKey = (condition: Condition): string =>
  condition.kind === 'masked'
    ? `${condition.argument}&${condition.mask}=${condition.value}`
    : `${condition.argument}:${condition.intervals.join(' ')}`

const keyOf = ({ conditions, verdict }: Clause): string => `${conditions.map(conditionKey).join('+')}>${verdict}`
