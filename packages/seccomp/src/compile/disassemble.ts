import { RtError } from '@rt/sys'
import { type Abi, AUDIT_ARCH } from '../numbers/abi.js'
import { formatReturn } from '../profile/actions.js'
import { decode } from './decode.js'
import type { BpfInstruction } from './encode.js'

const LD_W_ABS = 0x20
const ALU_AND_K = 0x54
const ALU_AND_X = 0x5c
const JMP_JA = 0x05
const JMP_JEQ = 0x15
const JMP_JGT = 0x25
const JMP_JGE = 0x35
const JMP_JSET = 0x45
const RET_K = 0x06
const RET_A = 0x16

const COMPARISON: Readonly<Record<number, string>> = {
  [JMP_JEQ]: '==',
  [JMP_JGT]: '>',
  [JMP_JGE]: '>=',
  [JMP_JSET]: '&',
}

const hex = (value: number): string => `0x${value.toString(16)}`

/**
 * A filter as text, an instruction a line: its number, what it does, and where it goes on if not with the next one.
 *
 *     0  load arch
 *     1  if == 0xc000003e (x86_64) else 5
 *     2  load number
 *
 * @throws RtError RT_INVALID_OPTION for bytes that are no number of instructions
 */
export function disassemble(filter: Uint8Array): string {
  const instructions = decode(filter)
  if (instructions.length === 0) throw new RtError('RT_INVALID_OPTION', 'a filter has at least one instruction')
  const width = String(instructions.length - 1).length
  let word = ''
  return instructions
    .map((each, i) => {
      if (each.code === LD_W_ABS) word = wordAt(each.k)
      return `${String(i).padStart(width)}  ${line(each, i, word)}\n`
    })
    .join('')
}

function line({ code, jt, jf, k }: BpfInstruction, at: number, word: string): string {
  switch (code) {
    case LD_W_ABS:
      return `load ${wordAt(k)}`
    case ALU_AND_K:
      return `and ${hex(k)}`
    case ALU_AND_X:
      return 'and x'
    case JMP_JA:
      return `goto ${at + 1 + k}`
    case RET_K:
      return `return ${formatReturn(k)}`
    case RET_A:
      return 'return the word'
    default: {
      const comparison = COMPARISON[code]
      if (comparison === undefined) return `code ${hex(code)} jt ${jt} jf ${jf} k ${hex(k)}`
      const value =
        word === 'arch' ? `${hex(k)}${architecture(k)}` : word === 'number' && k < 2 ** 16 ? String(k) : hex(k)
      const then = jt === 0 ? '' : ` goto ${at + 1 + jt}`
      return `if ${comparison} ${value}${then}${jf === 0 ? '' : ` else ${at + 1 + jf}`}`
    }
  }
}

function architecture(value: number): string {
  const abi = (Object.keys(AUDIT_ARCH) as Abi[]).find((each) => AUDIT_ARCH[each] === value)
  return abi === undefined ? '' : ` (${abi})`
}

/** The fields of struct seccomp_data by their offset. */
function wordAt(offset: number): string {
  if (offset === 0) return 'number'
  if (offset === 4) return 'arch'
  if (offset === 8 || offset === 12) return `instruction pointer, ${offset === 8 ? 'low' : 'high'} half`
  const argument = (offset - 16) >> 3
  return `args[${argument}], ${offset % 8 === 0 ? 'low' : 'high'} half`
}
