import { type Arch, type CallArgument, formatCall, printable, quote, type StructFields } from '@rt/sys'
import {
  type Address,
  type Call,
  call,
  type Instruction,
  type Ref,
  type StructValue,
  type Table,
  type Value,
} from '../language/instruction.js'

/** What is known when a call is described. */
export interface Known {
  readonly arch: Arch
  /** The value that a word had when the call was made, and what it stood for; absent: nothing has run. */
  readonly word?:
    | ((name: string) => { value: number | undefined; of: string | undefined; text?: string } | undefined)
    | undefined
  /** What a word stands for, from the `of` of the instruction that saves it: shown as `dest</data>`. */
  readonly of?: ((name: string) => string | undefined) | undefined
}

/** Bytes that are secret are shown as their number. */
const HIDDEN = '"…"'

/** A call as strace prints it; words that are not known yet are shown by their names: `fsmount(fs, …)`. */
export function describeCall(instruction: Call, known: Known): string {
  return formatCall(
    instruction.call,
    instruction.args.map((value) => describeValue(value, known)),
    { arch: known.arch },
  )
}

/** Any instruction on one line, the assembly that isn't a call in words. */
export function describeInstruction(instruction: Instruction, known: Known): string {
  switch (instruction.kind) {
    case 'call':
      return describeCall(instruction, known)
    case 'clone':
      return describeCall(call(instruction.call, instruction.args), known)
    case 'branch': {
      const mask =
        instruction.mask === undefined ? '' : ` & 0x${BigInt.asUintN(64, BigInt(instruction.mask)).toString(16)}`
      const { then, else: otherwise } = instruction
      const tested = `${word(instruction.value, known)}${mask} == ${instruction.equals}`
      if (then === undefined) return `unless ${tested} go to ${otherwise ?? 'the next'}`
      return `if ${tested} go to ${then}${otherwise === undefined ? '' : `, else to ${otherwise}`}`
    }
    case 'compute': {
      const { left, right } = instruction
      const product = left === undefined ? '' : ` + ${word(left, known)} * ${word(right ?? 0, known)}`
      return `${instruction.save} = ${word(instruction.base, known)}${product}`
    }
    case 'load': {
      const { left, right } = instruction
      const product = left === undefined ? '' : ` + ${word(left, known)} * ${word(right ?? 0, known)}`
      return `${instruction.save} = *(${word(instruction.base, known)}${product})`
    }
    case 'goto':
      return `go to ${instruction.to}`
    case 'label':
      return `${instruction.name}:`
    case 'fail':
      return `fail: ${instruction.message}`
    case 'warn':
      return `warn: ${instruction.message}`
  }
}

function describeValue(value: Value, known: Known): CallArgument {
  if (value === null || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string')
    return value
  if (value instanceof Uint8Array) return value
  if ('ref' in value) return { verbatim: showRef(value, known) }
  if ('address' in value) return { verbatim: showAddress(value) }
  if ('buffer' in value) return { verbatim: `&${value.buffer}` }
  if ('kept' in value) return { verbatim: `&${value.kept}` }
  if ('table' in value) return { verbatim: showTable(value) }
  if ('text' in value) return value.secret ? { verbatim: HIDDEN } : value.text
  if ('strings' in value) {
    const strings = value.strings.map((each) => {
      if (typeof each === 'string' || each instanceof Uint8Array) return each
      return 'ref' in each ? showRef(each, known) : showAddress(each)
    })
    return { strings }
  }
  const fields: Record<string, StructFields[string]> = {}
  for (const [field, content] of Object.entries(value.fields)) {
    fields[field] = typeof content === 'object' ? { verbatim: showField(content, known) } : content
  }
  return { struct: value.struct, fields }
}

function showField(content: Exclude<StructValue['fields'][string], number | bigint>, known: Known): string {
  if (content instanceof Uint8Array) return `/* ${content.byteLength} bytes */`
  if ('text' in content) return content.secret ? HIDDEN : quote(content.text)
  return 'ref' in content ? showRef(content, known) : showAddress(content)
}

/** Rows of which the first texts are shown. */
const SHOWN_ROWS = 2

function showTable({ table: rows }: Table): string {
  const texts = rows.flatMap((row) => row.find((cell) => typeof cell === 'string' && cell !== '') ?? []) as string[]
  const shown = texts.slice(0, SHOWN_ROWS).map((text) => quote(text))
  return `[${[...shown, ...(rows.length > shown.length ? [`… ${rows.length} rows`] : [])].join(', ')}]`
}

const plus = (offset: number | undefined): string => (offset ? `+${offset}` : '')

const showAddress = ({ address, offset }: Address): string => `&${address}${plus(offset)}`

function showRef({ ref, offset }: Ref, known: Known): string {
  const value = offset ? undefined : known.word?.(ref)
  if (value?.text !== undefined) return quote(value.text)
  if (value?.value !== undefined)
    return value.of === undefined ? String(value.value) : `${value.value}<${printable(value.of)}>`
  const of = offset ? undefined : known.of?.(ref)
  return `${ref}${plus(offset)}${of === undefined ? '' : `<${printable(of)}>`}`
}

function word(value: Value, known: Known): string {
  if (value === null) return '0'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Uint8Array) return `/* ${value.length} bytes */`
  if ('ref' in value) return showRef(value, known)
  if ('address' in value) return showAddress(value)
  if ('buffer' in value) return `&${value.buffer}`
  if ('table' in value) return showTable(value)
  return '…'
}
