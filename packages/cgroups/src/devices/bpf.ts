import {
  BPF_ALU64,
  BPF_AND,
  BPF_EXIT,
  BPF_IMM,
  BPF_JEQ,
  BPF_JMP,
  BPF_JNE,
  BPF_K,
  BPF_LDX,
  BPF_MEM,
  BPF_MOV,
  BPF_RSH,
  BPF_W,
  BPF_X,
} from '@rt/sys'

/**
 * One eBPF instruction, `struct bpf_insn` of uapi/linux/bpf.h. See instruction-set.rst in the kernel's
 * Documentation/bpf/standardization.
 */
export interface BpfInstruction {
  readonly opcode: number
  readonly destination: number
  readonly source: number
  /** Signed, 16 bits: of a load in bytes, of a jump in instructions after this one. */
  readonly offset: number
  /** Signed, 32 bits. */
  readonly immediate: number
}

const instruction = (
  opcode: number,
  destination: number,
  rest: Partial<Pick<BpfInstruction, 'source' | 'offset' | 'immediate'>> = {},
): BpfInstruction => ({ opcode, destination, source: 0, offset: 0, immediate: 0, ...rest })

/** `destination = value` */
export const move = (destination: number, immediate: number): BpfInstruction =>
  instruction(BPF_ALU64 | BPF_MOV | BPF_K, destination, { immediate })

/** `destination = source` */
export const copy = (destination: number, source: number): BpfInstruction =>
  instruction(BPF_ALU64 | BPF_MOV | BPF_X, destination, { source })

/** `destination &= mask` */
export const and = (destination: number, mask: number): BpfInstruction =>
  instruction(BPF_ALU64 | BPF_AND | BPF_K, destination, { immediate: mask })

/** `destination >>= bits` */
export const shiftRight = (destination: number, bits: number): BpfInstruction =>
  instruction(BPF_ALU64 | BPF_RSH | BPF_K, destination, { immediate: bits })

/** `destination = *(u32 *)(source + offset)` */
export const load32 = (destination: number, source: number, offset: number): BpfInstruction =>
  instruction(BPF_LDX | BPF_MEM | BPF_W, destination, { source, offset })

/** Skip the next `offset` instructions if `register == value`. */
export const skipIfEqual = (register: number, immediate: number, offset: number): BpfInstruction =>
  instruction(BPF_JMP | BPF_JEQ | BPF_K, register, { immediate, offset })

/** Skip the next `offset` instructions unless `register == value`. */
export const skipUnlessEqual = (register: number, immediate: number, offset: number): BpfInstruction =>
  instruction(BPF_JMP | BPF_JNE | BPF_K, register, { immediate, offset })

/** Return r0. */
export const exit: BpfInstruction = instruction(BPF_JMP | BPF_EXIT | BPF_IMM, 0)

const INSTRUCTION_SIZE = 8

/** The bytes that bpf(2) takes, little-endian: 8 for each instruction. */
export function encodeBpf(program: readonly BpfInstruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * INSTRUCTION_SIZE)
  const view = new DataView(bytes.buffer)
  program.forEach(({ opcode, destination, source, offset, immediate }, i) => {
    const at = i * INSTRUCTION_SIZE
    view.setUint8(at, opcode)
    view.setUint8(at + 1, destination | (source << 4))
    view.setInt16(at + 2, offset, true)
    view.setInt32(at + 4, immediate, true)
  })
  return bytes
}
