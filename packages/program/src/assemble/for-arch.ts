import { type Arch, hostArch, translateOpenFlags } from '@rt/sys'
import type { Call, Instruction, Value } from '../language/instruction.js'
import type { Section } from '../lifecycle/section.js'

/**
 * The same sections in another processor's ABI. Steps are built with this machine's constants, and of those only four
 * open flags differ (O_DIRECTORY, O_NOFOLLOW, O_DIRECT, O_LARGEFILE): openat(2)'s third argument, and the flags of a
 * struct open_how.
 */
export function sectionsFor(arch: Arch, sections: readonly Section[]): readonly Section[] {
  if (arch === hostArch()) return sections
  return sections.map((section) => ({
    ...section,
    instructions: section.instructions.map((instruction) => instructionFor(arch, instruction)),
  }))
}

function instructionFor(arch: Arch, instruction: Instruction): Instruction {
  if (instruction.kind === 'clone') {
    const aside = (given: readonly Instruction[]) => given.map((each) => instructionFor(arch, each))
    const { child, parent } = instruction
    return { ...instruction, ...(child ? { child: aside(child) } : {}), ...(parent ? { parent: aside(parent) } : {}) }
  }
  if (instruction.kind === 'compute') {
    const { base } = instruction
    if (typeof base !== 'object' || base === null || !('table' in base)) return instruction
    return {
      ...instruction,
      base: { ...base, table: base.table.map((row) => row.map((cell) => openHowFor(arch, cell))) },
    }
  }
  if (instruction.kind !== 'call') return instruction
  const flags = (value: number | bigint) => translateOpenFlags(value, hostArch(), arch)
  const translated = (value: Value, index: number): Value => {
    if (typeof value === 'number' || typeof value === 'bigint') {
      return instruction.call === 'openat' && index === 2 ? flags(value) : value
    }
    return openHowFor(arch, value)
  }
  return { ...instruction, args: instruction.args.map(translated) } satisfies Call
}

/** The flags of a struct open_how; every other value is what it was. */
function openHowFor(arch: Arch, value: Value): Value {
  if (typeof value !== 'object' || value === null || !('struct' in value) || value.struct !== 'open_how') return value
  const given = value.fields.flags
  if (typeof given !== 'number' && typeof given !== 'bigint') return value
  return { ...value, fields: { ...value.fields, flags: translateOpenFlags(given, hostArch(), arch) } }
}
