import {
  BPF_ABS,
  BPF_ALU,
  BPF_AND,
  BPF_JA,
  BPF_JEQ,
  BPF_JGE,
  BPF_JMP,
  BPF_JSET,
  BPF_K,
  BPF_LD,
  BPF_RET,
  BPF_W,
} from '@rt/sys'
import type { FilterGraph, FilterNode, NodeId, TestNode } from './graph.js'

/** One instruction of classic BPF: `struct sock_filter` of uapi/linux/filter.h. */
export interface BpfInstruction {
  readonly code: number
  /** Instructions to skip: if a comparison is true, if it is false. */
  readonly jt: number
  readonly jf: number
  readonly k: number
}

/** BPF_MAXINSNS */
export const MAX_INSTRUCTIONS = 4096
export const INSTRUCTION_SIZE = 8

/** jt and jf are bytes. */
const LONGEST_JUMP = 255
const HOW = { equal: BPF_JEQ, atLeast: BPF_JGE, anySet: BPF_JSET } as const

const statement = (code: number, k: number): BpfInstruction => ({ code, jt: 0, jf: 0, k })

/**
 * The instructions of a graph, from the end to the start: so every jump's target is placed already. A way that a jump of
 * a byte can't reach gets a copy of what is there if that is a return, else an unconditional jump.
 */
export function instructionsOf(graph: FilterGraph, start: NodeId): BpfInstruction[] {
  const backwards: BpfInstruction[] = []
  const placed = new Map<NodeId, number>()
  const put = (instruction: BpfInstruction): number => backwards.push(instruction)
  /** Instructions between the next one to be put and this one. */
  const distance = (id: NodeId): number => backwards.length - (placed.get(id) as number)

  const node = (id: NodeId): FilterNode => graph.nodes[id] as FilterNode

  function place(id: NodeId): void {
    const each = node(id)
    if (each.kind === 'return') {
      placed.set(id, put(statement(BPF_RET | BPF_K, each.value)))
    } else if (each.kind === 'load') {
      putNext(each.next)
      if (each.mask !== undefined) put(statement(BPF_ALU | BPF_AND | BPF_K, each.mask))
      placed.set(id, put(statement(BPF_LD | BPF_W | BPF_ABS, each.offset)))
    } else {
      if (!placed.has(each.else)) place(each.else)
      if (!placed.has(each.then)) place(each.then)
      placed.set(id, putTest(each))
    }
  }

  /** What a load goes on with has to stand right behind it: if it stands elsewhere, once more. */
  function putNext(id: NodeId): void {
    if (!placed.has(id)) place(id)
    if (distance(id) === 0) return
    const each = node(id)
    if (each.kind === 'test') putTest(each)
    else if (each.kind === 'return') place(id)
    else put(statement(BPF_JMP | BPF_JA, distance(id)))
  }

  function putTest({ how, value, then, else: otherwise }: TestNode): number {
    // One more, for the other's jump, which may come between.
    for (const id of [otherwise, then]) if (distance(id) >= LONGEST_JUMP) bridge(id)
    return put({ code: BPF_JMP | HOW[how] | BPF_K, jt: distance(then), jf: distance(otherwise), k: value })
  }

  function bridge(id: NodeId): void {
    const each = node(id)
    if (each.kind === 'return') place(id)
    else placed.set(id, put(statement(BPF_JMP | BPF_JA, distance(id))))
  }

  place(start)
  return backwards.reverse()
}

/** The bytes that seccomp(2) takes. */
export function encode(instructions: readonly BpfInstruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_SIZE)
  const view = new DataView(bytes.buffer)
  instructions.forEach(({ code, jt, jf, k }, i) => {
    const at = i * INSTRUCTION_SIZE
    view.setUint16(at, code, true)
    view.setUint8(at + 2, jt)
    view.setUint8(at + 3, jf)
    view.setUint32(at + 4, k, true)
  })
  return bytes
}
