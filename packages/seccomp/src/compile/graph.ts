/** A node of {@link FilterGraph}, by its number. */
export type NodeId = number

/** What a filter does, as a graph whose edges all lead away from the start: a classic BPF program jumps forward only. */
export type FilterNode = ReturnNode | LoadNode | TestNode

interface ReturnNode {
  readonly kind: 'return'
  readonly value: number
}

/** A = the 32-bit word at this offset of seccomp_data; under a mask if there is one. */
interface LoadNode {
  readonly kind: 'load'
  readonly offset: number
  readonly mask: number | undefined
  readonly next: NodeId
}

export interface TestNode {
  readonly kind: 'test'
  /** A == value, A >= value (unsigned), A & value */
  readonly how: 'equal' | 'atLeast' | 'anySet'
  readonly value: number
  readonly then: NodeId
  readonly else: NodeId
  /** What is in A, as {@link LoadNode} put it there: tests of different words are different nodes. */
  readonly offset: number
  readonly mask: number | undefined
}

/** A power of two: some hundred nodes are many. */
const BUCKETS = 256

/**
 * Builds the graph from its ends. What is the same is one node, so that tails are shared; a test whose both ways lead to
 * the same is none. A node counts on what is in A when it is reached, so a test is only ever put behind its own load.
 */
export class FilterGraph {
  readonly nodes: FilterNode[] = []
  /** The newest node of each hash, and of each node the one before it with its hash; -1 for none. */
  private readonly newest = new Int32Array(BUCKETS).fill(-1)
  private readonly before: number[] = []

  return(value: number): NodeId {
    const hash = value % BUCKETS
    for (let id = this.first(hash); id >= 0; id = this.before[id] as number) {
      const each = this.nodes[id] as FilterNode
      if (each.kind === 'return' && each.value === value) return id
    }
    return this.add(hash, { kind: 'return', value })
  }

  load(offset: number, next: NodeId, mask?: number): NodeId {
    const hash = (offset + next * 7) % BUCKETS
    for (let id = this.first(hash); id >= 0; id = this.before[id] as number) {
      const each = this.nodes[id] as FilterNode
      if (each.kind === 'load' && each.offset === offset && each.next === next && each.mask === mask) return id
    }
    return this.add(hash, { kind: 'load', offset, mask, next })
  }

  /** @param offset of the word that is in A, under `mask` if there is one */
  test(offset: number, how: TestNode['how'], value: number, then: NodeId, otherwise: NodeId, mask?: number): NodeId {
    if (then === otherwise) return then
    const hash = (value + then * 7 + otherwise * 31) % BUCKETS
    for (let id = this.first(hash); id >= 0; id = this.before[id] as number) {
      const each = this.nodes[id] as FilterNode
      if (
        each.kind === 'test' &&
        each.value === value &&
        each.then === then &&
        each.else === otherwise &&
        each.how === how &&
        each.offset === offset &&
        each.mask === mask
      )
        return id
    }
    return this.add(hash, { kind: 'test', how, value, then, else: otherwise, offset, mask })
  }

  private first(hash: number): NodeId {
    return this.newest[hash] as number
  }

  private add(hash: number, node: FilterNode): NodeId {
    const id = this.nodes.length
    this.nodes.push(node)
    this.before.push(this.first(hash))
    this.newest[hash] = id
    return id
  }
}
