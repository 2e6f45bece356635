import type { Section } from './frame.js'
import type { Instruction, Value } from './instruction.js'
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
 *
 * Every start comes by here, once, in code that is not compiled yet: one pass, and no name is made longer for a look-up.
 */
export function unsavedWords(plan: Plan, sections: readonly Section[]): UnsavedWord[] {
  const known: Record<ProcessName, Words> = { supervisor: new Words(), init: new Words() }
  // The kernel writes the pidfd through the address in clone_args.
  known.supervisor.add(PIDFD, -1)
  const found: UnsavedWord[] = []
  let anywhere: Words | undefined
  for (const { process, step, instructions } of sections) {
    const words = known[process]
    const loads: (readonly [name: string, instruction: Instruction])[] = []
    let isClone = false
    for (const instruction of instructions) {
      if (instruction.kind === 'call' && instruction.save === CLONE) isClone = true
      eachName(
        instruction,
        (name) => words.add(name, step),
        (name) => loads.push([name, instruction]),
      )
    }
    const missing = new Set<string>()
    for (const [name, instruction] of loads) {
      if (words.has(name, step)) continue
      // "Close it if it is mine": a word of the other process is -1 here, which is no fd.
      if (acceptsNoFd(instruction)) {
        anywhere ??= wordsAnywhere(sections)
        if (anywhere.has(name, step)) continue
      }
      missing.add(name)
    }
    if (isClone) known.init.addAll(words)
    for (const word of missing) if (plan.steps[step]) found.push({ step, word, process })
  }
  return found
}

/** Names as `scoped` (operands.ts) tells them apart: those that begin with `$` are the plan's, others their step's. */
class Words {
  private readonly shared = new Set<string>()
  private readonly own = new Map<number, Set<string>>()

  add(name: string, step: number): void {
    if (name.startsWith('$')) this.shared.add(name)
    else this.ofStep(step).add(name)
  }

  has(name: string, step: number): boolean {
    return name.startsWith('$') ? this.shared.has(name) : this.own.get(step)?.has(name) === true
  }

  addAll({ shared, own }: Words): void {
    for (const name of shared) this.shared.add(name)
    for (const [step, names] of own) {
      const words = this.ofStep(step)
      for (const name of names) words.add(name)
    }
  }

  private ofStep(step: number): Set<string> {
    const known = this.own.get(step)
    if (known) return known
    const made = new Set<string>()
    this.own.set(step, made)
    return made
  }
}

/** What any instruction of any process saves. */
function wordsAnywhere(sections: readonly Section[]): Words {
  const words = new Words()
  for (const { step, instructions } of sections) {
    for (const instruction of instructions) {
      eachName(
        instruction,
        (name) => words.add(name, step),
        () => undefined,
      )
    }
  }
  return words
}

const acceptsNoFd = (instruction: Instruction): boolean =>
  instruction.kind === 'call' && (instruction.tolerate === 'any' || instruction.tolerate?.includes('EBADF') === true)

const withoutOffset = (name: string): string => {
  const plus = name.lastIndexOf('+')
  return plus > 0 ? name.slice(0, plus) : name
}

/**
 * The names in an instruction.
 *
 * @param saves is told those that it gives memory to: its result, and what the kernel may fill through an address
 * @param reads is told the words that it loads
 */
function eachName(instruction: Instruction, saves: (name: string) => void, reads: (name: string) => void): void {
  const visit = (value: Value): void => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
    if ('ref' in value) reads(value.ref)
    else if ('buffer' in value) saves(value.buffer)
    else if ('address' in value) saves(value.address)
    else if ('struct' in value) {
      if (value.name !== undefined) saves(value.name)
      for (const field in value.fields) visit(value.fields[field] as Value)
    } else if ('strings' in value) for (const text of value.strings) visit(text)
  }
  switch (instruction.kind) {
    case 'call':
      if (instruction.save !== undefined) saves(withoutOffset(instruction.save))
      for (const value of instruction.args) visit(value)
      return
    case 'branch':
      visit(instruction.value)
      return
    case 'compute':
      saves(withoutOffset(instruction.save))
      visit(instruction.base)
      if (instruction.left !== undefined) visit(instruction.left)
      if (instruction.right !== undefined) visit(instruction.right)
  }
}
