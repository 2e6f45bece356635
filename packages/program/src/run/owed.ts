import { assembleSections, type Program } from '../assemble/assemble.js'
import { writeElf } from '../assemble/elf.js'
import { link, sizeOfLog } from '../assemble/link.js'
import { call, compute, type Instruction } from '../language/instruction.js'
import { type Section, spoken } from '../lifecycle/section.js'
import type { Results } from './failure.js'
import { savedWords } from './saved-words.js'

/**
 * `host.gone` of a program's steps as an executable of its own: what the supervisor would have done had it stayed. Words
 * that it saved are numbers by now; its descriptors are gone with it.
 */
export function owedProgram(program: Program, results: Results): Buffer {
  const { plan, arch } = program
  const words = savedWords(program, results, false)
  const own = (instructions: readonly Instruction[], step = -1): Section => ({
    process: 'supervisor',
    step,
    instructions,
    failTo: END,
    lenient: true,
  })
  const sections = plan.steps.flatMap((step, index) => {
    const gone = step['host.gone'] ?? []
    return gone.length === 0
      ? []
      : own([...ofStep(words, index), ...gone.map((each) => spoken(each, step.name))], index)
  })
  const assembler = assembleSections([own(ofAll(words)), ...sections, own([call('exit_group', [0])])], arch, undefined)
  assembler.labels.set(END, assembler.operations.length - 1)
  const { constants, data, initialDataSize, slots } = link(assembler, { arch })
  const logSize = sizeOfLog(slots, false) + assembler.memory.keptSize
  return writeElf(arch, constants, { initial: data.subarray(0, initialDataSize), size: data.length }, logSize)
}

/** The last operation. */
const END = '$end'

type Words = ReadonlyMap<string, number>

const ofAll = (words: Words): Instruction[] =>
  [...words].flatMap(([name, value]) => (name.startsWith('$') ? compute(name, value) : []))

const ofStep = (words: Words, step: number): Instruction[] => {
  const scope = `${step}.`
  return [...words].flatMap(([name, value]) => (name.startsWith(scope) ? compute(name.slice(scope.length), value) : []))
}
