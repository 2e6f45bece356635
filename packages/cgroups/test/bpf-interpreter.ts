import { decodeBpf } from './bpf-decode.js'

/** What the kernel hands to a device program: `struct bpf_cgroup_dev_ctx`. */
export interface DeviceAccess {
  readonly type: 'b' | 'c'
  readonly major: number
  readonly minor: number
  /** Of r, w, m. */
  readonly access: string
}

const LDX_MEM_W = 0x61
const ALU64_MOV_K = 0xb7
const ALU64_MOV_X = 0xbf
const ALU64_AND_K = 0x57
const ALU64_RSH_K = 0x77
const JMP_JEQ_K = 0x15
const JMP_JNE_K = 0x55
const EXIT = 0x95

/**
 * Runs a device program on one access. Opcodes are written as numbers from the instruction set's tables, not composed
 * from the constants that the assembler uses. Like the verifier it refuses registers that were not set, jumps out of
 * the program and instructions that no path reaches (see `unreached`).
 */
export class BpfMachine {
  private readonly program
  private readonly reached = new Set<number>()

  constructor(bytes: Uint8Array) {
    this.program = decodeBpf(bytes)
  }

  allows({ type, major, minor, access }: DeviceAccess): boolean {
    const bits = (access.includes('m') ? 1 : 0) | (access.includes('r') ? 2 : 0) | (access.includes('w') ? 4 : 0)
    const context = [(bits << 16) | (type === 'b' ? 1 : 2), major, minor]
    const registers: (bigint | 'context' | undefined)[] = Array(11).fill(undefined)
    registers[1] = 'context'
    const value = (register: number): bigint => {
      const found = registers[register]
      if (typeof found !== 'bigint') throw new Error(`r${register} holds ${found}, not a number`)
      return found
    }
    for (let at = 0; ; at++) {
      const instruction = this.program[at]
      if (!instruction) throw new Error(`the program runs over its end at ${at}`)
      this.reached.add(at)
      const { opcode, destination, source, offset, immediate } = instruction
      const signed = BigInt(immediate)
      switch (opcode) {
        case LDX_MEM_W: {
          if (registers[source] !== 'context' || offset % 4 !== 0) throw new Error(`bad load at ${at}`)
          const word = context[offset / 4]
          if (word === undefined) throw new Error(`load beyond the context at ${at}`)
          registers[destination] = BigInt(word)
          break
        }
        case ALU64_MOV_K:
          registers[destination] = signed
          break
        case ALU64_MOV_X:
          registers[destination] = registers[source]
          break
        case ALU64_AND_K:
          registers[destination] = value(destination) & BigInt.asUintN(64, signed)
          break
        case ALU64_RSH_K:
          registers[destination] = value(destination) >> signed
          break
        case JMP_JEQ_K:
          if (value(destination) === BigInt.asUintN(64, signed)) at += offset
          break
        case JMP_JNE_K:
          if (value(destination) !== BigInt.asUintN(64, signed)) at += offset
          break
        case EXIT:
          return value(0) !== 0n
        default:
          throw new Error(`opcode 0x${opcode.toString(16)} at ${at}`)
      }
    }
  }

  /** Instructions that no access so far has reached. */
  get unreached(): number[] {
    return this.program.map((_, i) => i).filter((i) => !this.reached.has(i))
  }
}
