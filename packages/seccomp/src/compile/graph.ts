/** A node of {@link FilterGraph}, by its number. */
export type NodeId = number

/** What a filter does, as a graph whose edges all lead away from the start: a classic BPF program jumps forward only. */
export type FilterNode =
  | { readonly kind: 'return'; readonly value: number }
  /** A = the 32-bit word at this offset of seccomp_data; under a mask if there is one. */
  | { readonly kind: 'load'; readonly offset: number; readonly mask: number | undefined; readonly next: NodeId }
  | {
      readonly kind: 'test'
      /** A == value, A >= value (unsigned), A & value */
      readonly how: 'equal' | 'atLeast' | 'anySet'
      readonly value: number
      readonly then: NodeId
      readonly else: NodeId
    }

/**
 * Builds the graph from its ends. What is the same is one node, so that tails are shared; a test whose both ways lead to
 * the same is none. A node counts on what is in A when it is reached, so a test is only ever put behind its own load.
 */
export class FilterGraph {
  readonly nodes: FilterNode[] = []
  private readonly known = new Map<string, NodeId>()
  private readonly returns = new Map<number, NodeId>()

  return(value: number): NodeId {
    let known = this.returns.get(value)
    if (known === undefined) {
      known = this.nodes.push({ kind: 'return', value }) - 1
      this.returns.set(value, known)
    }
    return known
  }

  load(offset: number, next: NodeId, mask?: number): NodeId {
    return this.intern(`l${offset},${mask},${next}`, { kind: 'load', offset, mask, next })
  }

  /** @param word what is in A: tests of different words are different nodes */
  test(word: string, how: 'equal' | 'atLeast' | 'anySet', value: number, then: NodeId, otherwise: NodeId): NodeId {
    if (then === otherwise) return then
    return this.intern(`${how}${word},${value},${then},${otherwise}`, {
      kind: 'test',
      how,
      value: value >>> 0,
      then,
      else: otherwise,
    })
  }

  private intern(key: string, node: FilterNode): NodeId {
    const known = this.known.get(key)
    if (known !== undefined) return known
    const id = this.nodes.push(node) - 1
    this.known.set(key, id)
    return id
  }
}
