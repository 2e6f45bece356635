import type { Section } from './frame.js'
import type { Instruction, Value } from './instruction.js'
import { scoped } from './operands.js'
import type { ProcessName } from './operation.js'
import type { Plan } from './plan.js'
import { CLONE, PIDFD } from './vocabulary.js'

/** A load of a word that holds nothing. */
export interface UnsavedWord {
  readonly step: number
  readonly word: string
  readonly process: ProcessName
}

/**
 * The words that are read where nothing can have saved them. Memory is each process's own from the clone on: init has
 * what the supervisor saved before it, and neither has what the other saved later. Within a section a loop may read what
 * a later instruction saves.
 */
export function unsavedWords(plan: Plan, sections: readonly Section[]): UnsavedWord[] {
  const anywhere = new Set(
    sections.flatMap(({ step, instructions }) =>
      instructions.flatMap((instruction) => saves(instruction).map((name) => scoped(name, `${step}.`))),
    ),
  )
  // The kernel writes the pidfd through the address in clone_args.
  const known: Record<ProcessName, Set<string>> = { supervisor: new Set([PIDFD]), init: new Set() }
  const found: UnsavedWord[] = []
  for (const { process, step, instructions } of sections) {
    const scope = `${step}.`
    const words = known[process]
    for (const instruction of instructions) for (const name of saves(instruction)) words.add(scoped(name, scope))
    const missing = new Set<string>()
    for (const instruction of instructions) {
      for (const name of reads(instruction)) {
        const full = scoped(name, scope)
        // "Close it if it is mine": a word of the other process is -1 here, which is no fd.
        if (!words.has(full) && !(acceptsNoFd(instruction) && anywhere.has(full))) missing.add(name)
      }
    }
    const isClone = instructions.some((each) => each.kind === 'call' && each.save === CLONE)
    if (isClone) for (const word of words) known.init.add(word)
    for (const word of missing) if (plan.steps[step]) found.push({ step, word, process })
  }
  return found
}

const acceptsNoFd = (instruction: Instruction): boolean =>
  instruction.kind === 'call' && (instruction.tolerate === 'any' || instruction.tolerate?.includes('EBADF') === true)

const withoutOffset = (name: string): string => {
  const plus = name.lastIndexOf('+')
  return plus > 0 ? name.slice(0, plus) : name
}

const valuesOf = (instruction: Instruction): readonly Value[] => {
  if (instruction.kind === 'call') return instruction.args
  if (instruction.kind === 'branch') return [instruction.value]
  if (instruction.kind === 'compute') return [instruction.base, instruction.left ?? 0, instruction.right ?? 0]
  return []
}

/** Names that an instruction gives memory to: its result, and what the kernel may fill through an address. */
function saves(instruction: Instruction): string[] {
  const names: string[] = []
  if ((instruction.kind === 'call' || instruction.kind === 'compute') && instruction.save !== undefined) {
    names.push(withoutOffset(instruction.save))
  }
  const visit = (value: Value): void => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
    if ('buffer' in value) names.push(value.buffer)
    else if ('address' in value) names.push(value.address)
    else if ('struct' in value) {
      if (value.name !== undefined) names.push(value.name)
      for (const field of Object.values(value.fields)) visit(field)
    } else if ('strings' in value) for (const text of value.strings) visit(text)
  }
  for (const value of valuesOf(instruction)) visit(value)
  return names
}

/** Names of words that an instruction loads. */
function reads(instruction: Instruction): string[] {
  const names: string[] = []
  const visit = (value: Value): void => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
    if ('ref' in value) names.push(value.ref)
    else if ('struct' in value) for (const field of Object.values(value.fields)) visit(field)
    else if ('strings' in value) for (const text of value.strings) visit(text)
  }
  for (const value of valuesOf(instruction)) visit(value)
  return names
}
