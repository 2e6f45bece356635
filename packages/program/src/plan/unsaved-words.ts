import type { Side } from '../assemble/operation.js'
import type { Instruction, Value } from '../language/instruction.js'
import { PIDFD } from '../language/vocabulary.js'
import { MIDDLE } from '../lifecycle/middle.js'
import type { Section } from '../lifecycle/section.js'
import type { Plan } from './plan.js'

/** A load of a word that holds nothing. */
export interface UnsavedWord {
  readonly step: number
  readonly word: string
  readonly process: Side
}

/**
 * The words that are read where nothing can have saved them. Memory is each process's own from the clone on: init has
 * what the supervisor saved before it, and neither has what the other saved later. Within a section a loop may read what
 * a later instruction saves.
 *
 * Every start comes by here, once, in code that is not compiled yet: there a `for … of` makes an object for each element,
 * and a name that is made longer for a look-up is hashed anew.
 */
export function unsavedWords(plan: Plan, sections: readonly Section[]): UnsavedWord[] {
  const known: Record<Side, Words> = { supervisor: new Words(), init: new Words() }
  // The kernel writes the pidfd through the address in clone_args.
  known.supervisor.add(PIDFD, -1)
  const found: UnsavedWord[] = []
  let anywhere: Words | undefined
  for (const { process, step, instructions } of sections) {
    const words = known[process]
    const missing = new Set<string>()
    let isClone = false
    let reader: Instruction | undefined
    const save = (name: string): void => words.add(name, step)
    const read = (name: string): void => {
      if (words.has(name, step)) return
      // "Close it if it is mine": a word of the other process is -1 here, which is no fd.
      if (acceptsNoFd(reader as Instruction)) {
        anywhere ??= wordsAnywhere(sections)
        if (anywhere.has(name, step)) return
      }
      missing.add(name)
    }
    for (let i = 0; i < instructions.length; i++) {
      const instruction = instructions[i] as Instruction
      if (makesInit(instruction)) isClone = true
      eachName(instruction, save, ignore)
    }
    for (let i = 0; i < instructions.length; i++) {
      reader = instructions[i] as Instruction
      eachName(reader, ignore, read)
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
    const save = (name: string): void => words.add(name, step)
    for (const instruction of instructions) eachName(instruction, save, ignore)
  }
  return words
}

type Told = (name: string) => void
const ignore: Told = () => undefined

/** By itself, or in a process between. */
const makesInit = (instruction: Instruction): boolean =>
  instruction.kind === 'clone' &&
  (instruction.process === 'init' || instruction.process === MIDDLE || instruction.child?.some(makesInit) === true)

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
function eachName(instruction: Instruction, saves: Told, reads: Told): void {
  switch (instruction.kind) {
    case 'call': {
      const { save, args } = instruction
      if (save !== undefined) saves(withoutOffset(save))
      for (let i = 0; i < args.length; i++) namesIn(args[i] as Value, saves, reads)
      return
    }
    case 'clone': {
      const { save, args, child = [], parent = [] } = instruction
      if (save !== undefined) saves(withoutOffset(save))
      for (const arg of args) namesIn(arg, saves, reads)
      for (const each of [...child, ...parent]) eachName(each, saves, reads)
      return
    }
    case 'branch':
      namesIn(instruction.value, saves, reads)
      return
    case 'compute':
    case 'load': {
      const { save, base, left, right } = instruction
      saves(withoutOffset(save))
      namesIn(base, saves, reads)
      if (left !== undefined) namesIn(left, saves, reads)
      if (right !== undefined) namesIn(right, saves, reads)
    }
  }
}

function namesIn(value: Value, saves: Told, reads: Told): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if ('ref' in value) reads(value.ref)
  else if ('buffer' in value) saves(value.buffer)
  else if ('address' in value) saves(value.address)
  else if ('text' in value) {
    if (value.at !== undefined) saves(value.at)
  } else if ('table' in value) {
    // A row that names a word is for a load of it.
    for (const cell of value.table.flat()) {
      if (typeof cell === 'object' && cell !== null && 'address' in cell) reads(cell.address)
    }
  } else if ('struct' in value) {
    if (value.name !== undefined) saves(value.name)
    Object.values(value.fields).forEach((field) => {
      namesIn(field, saves, reads)
    })
  } else if ('strings' in value) {
    value.strings.forEach((text) => {
      namesIn(text, saves, reads)
    })
  }
}
