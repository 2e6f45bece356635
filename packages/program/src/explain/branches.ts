import type { Operation } from '../assemble/operation.js'

/** How an operation lies off the way that a step takes when nothing is unusual. */
export interface Aside {
  /** 0: it always runs. Else one more for each condition around it. */
  readonly depth: number
  /** Of the first operation behind a condition: what leads there, each by the operation that decides. */
  readonly entries?: readonly Entry[]
}

/** The operation `from` leads there: by this errno, or as a branch whose test holds or doesn't. */
export type Entry =
  | { readonly from: number; readonly errno: string }
  | { readonly from: number; readonly holds: boolean }
  /** Simply by having run: ways that part come together again. */
  | { readonly from: number; readonly ran: true }

interface Node {
  /** Where it leads if nothing fails. Empty: the set-up ends here. */
  readonly next: readonly number[]
  readonly entries: Entry[]
}

type Flow = readonly (readonly [next: number, failed: number])[]

/**
 * Which operations of one section (one step in one process) run only under a condition. That is found in the graph: an
 * operation always runs if there is no way from the section's beginning to its end past it; errors that are dealt with
 * lead off that way. What remains are blocks, and in each the same holds.
 *
 * @param from index of the section's first operation
 * @param to index after its last
 */
export function asides(operations: readonly Operation[], flow: Flow, from: number, to: number): Map<number, Aside> {
  const nodes = graph(operations, flow, from, to)
  const found = new Map<number, Aside>()
  layOut(nodes, [...nodes.keys()], 0, found)
  return found
}

function graph(operations: readonly Operation[], flow: Flow, from: number, to: number): Map<number, Node> {
  const nodes = new Map<number, Node>()
  const later: [number, Entry][] = []
  for (let index = from; index < to; index++) {
    const { site } = operations[index] as Operation
    const [next, failed] = flow[index] as readonly [number, number]
    const errno = /^is it (E\w+)\?$/.exec(site.helper ?? '')?.[1]
    if (errno !== undefined) {
      // A comparison of the call's error: no place of its own, but a way from the call.
      const call = lastNode(nodes)
      if (next !== nodes.get(call)?.next[0]) later.push([next, { from: call, errno }])
      continue
    }
    const { kind } = site.instruction
    if (kind === 'fail') nodes.set(index, { next: [], entries: [] })
    else if (kind === 'branch') {
      nodes.set(index, { next: [next, failed], entries: [] })
      later.push([next, { from: index, holds: true }], [failed, { from: index, holds: false }])
    } else nodes.set(index, { next: [next], entries: [] })
    const other = kind === 'call' && site.helper === undefined ? site.instruction.onError?.['*'] : undefined
    // Any other error: with no comparisons the call itself leads there, else the last of them.
    if (other !== undefined) later.push([lastFailed(operations, flow, index), { from: index, errno: 'any error' }])
  }
  for (const [target, entry] of later) nodes.get(target)?.entries.push(entry)
  return nodes
}

const lastNode = (nodes: ReadonlyMap<number, Node>): number => [...nodes.keys()].at(-1) ?? -1

function lastFailed(operations: readonly Operation[], flow: Flow, call: number): number {
  let last = call
  while (/^is it /.test(operations[last + 1]?.site.helper ?? '')) last++
  return (flow[last] as readonly [number, number])[1]
}

function layOut(nodes: ReadonlyMap<number, Node>, region: readonly number[], depth: number, found: Map<number, Aside>) {
  const [entry] = region
  if (entry === undefined) return
  const within = new Set(region)
  const certain = new Set(alwaysRun(nodes, within, entry))
  for (const index of certain) if (!found.has(index)) found.set(index, { depth })
  const jumps = (index: number): number[] => region.filter((from) => leadsTo(nodes, from, index))
  let block: number[] = []
  const close = (): void => {
    const [first] = block
    if (first === undefined) return
    const entries = nodes.get(first)?.entries ?? []
    const joined = jumps(first).map((from) => ({ from, ran: true }) as const)
    found.set(first, { depth: depth + 1, entries: entries.length > 0 ? entries : joined })
    layOut(nodes, block, depth + 1, found)
    block = []
  }
  for (const index of region) {
    if (certain.has(index)) {
      close()
      continue
    }
    const before = block.at(-1)
    const entries = nodes.get(index)?.entries ?? []
    const isEntered = entries.some(({ from }) => certain.has(from))
    // After a jump what follows belongs together only if the block itself leads there.
    const follows = before === undefined || nodes.get(before)?.next.includes(index)
    const isJoined = jumps(index).some((from) => from < index && !block.includes(from) && !certain.has(from))
    if (isEntered || isJoined || !(follows || entries.some(({ from }) => block.includes(from)))) close()
    block.push(index)
  }
  close()
}

/** Without a condition. */
const leadsTo = (nodes: ReadonlyMap<number, Node>, from: number, to: number): boolean => {
  const next = nodes.get(from)?.next ?? []
  return next.length === 1 && next[0] === to
}

/** What no way from the entry out of the region goes past; where there is no way out, no way to a failure. */
function alwaysRun(nodes: ReadonlyMap<number, Node>, within: ReadonlySet<number>, entry: number): number[] {
  const ends = (past: number | undefined, atFailure: boolean): boolean => {
    const seen = new Set<number>(past === undefined ? [] : [past])
    const todo = [entry]
    for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
      if (!within.has(index)) {
        if (!atFailure) return true
        continue
      }
      if (seen.has(index)) continue
      seen.add(index)
      const next = nodes.get(index)?.next ?? []
      if (next.length === 0 && atFailure) return true
      todo.push(...next)
    }
    return false
  }
  const atFailure = !ends(undefined, false)
  return [...within].filter((index) => !ends(index, atFailure))
}
