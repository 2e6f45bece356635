import { type Arch, errnoNumber, RtError, syscallNumber } from '@rt/sys'
import type { Section } from './frame.js'
import type { Branch, Call, Compute, ErrnoName, Instruction, Load, Value } from './instruction.js'
import { NO_CALL, OP_BRANCH, OP_COMPUTE, OP_LOAD } from './layout.js'
import { Memory, type Place } from './memory.js'
import { isIndirect, type Operand, Operands, type Store, scoped } from './operands.js'
import type { Operation, Site, Target } from './operation.js'
import { PIDFD } from './vocabulary.js'

/** Turns instructions into operations; addresses stay symbolic until {@link link} (link.ts) writes them. */
export class Assembler {
  readonly operations: Operation[] = []
  readonly labels = new Map<string, number>()
  readonly memory = new Memory()
  private readonly operands = new Operands(this.memory)
  /** Takes the results that nobody asked for. */
  readonly scratch: Place = this.memory.data('$scratch', 8)

  constructor(private readonly arch: Arch) {
    // The kernel writes an int there, and the frame reads the word: its upper half must be zero, unlike other words'.
    this.memory.data(PIDFD, 8)
  }

  section(section: Section): void {
    const { process, step, instructions } = section
    const scope = `${step}.`
    // By index, here and below: until it is compiled, a `for … of` makes an object for each element.
    for (let i = 0; i < instructions.length; i++) {
      const instruction = instructions[i] as Instruction
      const site: Site = { process, step, instruction, fatal: isFatal(instruction, section) }
      switch (instruction.kind) {
        case 'label':
          this.define(scoped(instruction.name, scope))
          break
        case 'goto':
          this.push(OP_COMPUTE, [0, 0, 0], 0, site, scoped(instruction.to, scope))
          break
        case 'call':
          this.call(instruction, section, scope, site)
          break
        case 'branch':
          this.branch(instruction, scope, site)
          break
        case 'compute':
        case 'load':
          this.compute(instruction, scope, site)
          break
        case 'fail':
          // The sentence is found through the site.
          this.push(NO_CALL, [], 0, site, undefined, section.failTo)
          break
        case 'warn':
          // That it ran is all: its sentence is found through the site.
          this.push(OP_COMPUTE, [0, 0, 0], 0, site)
          break
      }
    }
  }

  /** @throws RtError RT_PROGRAM if the label is there already: a jump would go to one of the two */
  private define(name: string): void {
    if (this.labels.has(name)) throw new RtError('RT_PROGRAM', `label ${JSON.stringify(name)} is defined twice`)
    this.labels.set(name, this.operations.length)
  }

  /** @param indirect bit i: argument i is read from memory */
  push(
    number: number,
    args: Operation['arguments'],
    indirect: number,
    site: Site,
    next?: Target,
    failed?: Target,
    save: Place = this.scratch,
  ): void {
    this.operations.push({ call: number, arguments: args, indirect, save, next, failed, site })
  }

  private branch(instruction: Branch, scope: string, site: Site): void {
    const value = this.operands.operand(instruction.value, scope)
    const target = (name: string | undefined): Target => (name === undefined ? undefined : scoped(name, scope))
    this.push(
      OP_BRANCH,
      [value, instruction.mask ?? -1, instruction.equals],
      isIndirect(instruction.value) ? 1 : 0,
      site,
      target(instruction.then),
      target(instruction.else),
    )
  }

  private compute(instruction: Compute | Load, scope: string, site: Site): void {
    const { base, left = 0, right = 0 } = instruction
    const args = [
      this.operands.operand(base, scope),
      this.operands.operand(left, scope),
      this.operands.operand(right, scope),
    ]
    const bits = (isIndirect(base) ? 1 : 0) | (isIndirect(left) ? 2 : 0) | (isIndirect(right) ? 4 : 0)
    // The result may look like an errno: both ways lead on.
    this.push(
      instruction.kind === 'load' ? OP_LOAD : OP_COMPUTE,
      args,
      bits,
      site,
      undefined,
      undefined,
      this.operands.saved(instruction.save, scope),
    )
  }

  private call(instruction: Call, section: Section, scope: string, site: Site): void {
    const { args: values, tolerate, onError, save: saved } = instruction
    const args = new Array<Operand>(values.length)
    let bits = 0
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as Value
      args[i] = this.operands.operand(value, scope)
      if (isIndirect(value)) bits |= 1 << i
    }
    const stores = this.operands.takeStores()
    for (let i = 0; i < stores.length; i++) {
      const { to, from } = stores[i] as Store
      this.push(OP_COMPUTE, [from, 0, 0], 1, { ...site, fatal: false, helper: 'copy a word' }, undefined, undefined, to)
    }
    const number = syscallNumber(instruction.call, this.arch)
    const save = saved === undefined ? this.scratch : this.operands.saved(saved, scope)
    if (section.lenient || tolerate === 'any') {
      this.push(number, args, bits, site, undefined, undefined, save)
      return
    }
    const other = onError?.['*']
    const fallback = other === undefined ? section.failTo : scoped(other, scope)
    if (tolerate === undefined && onError === undefined) {
      this.push(number, args, bits, site, undefined, fallback, save)
      return
    }
    const tolerated = tolerate?.length ?? 0
    const led = onError === undefined ? [] : Object.keys(onError).filter((errno) => errno !== '*')
    const errnos = [...(tolerate ?? []), ...led] as ErrnoName[]
    if (errnos.length === 0) {
      this.push(number, args, bits, site, undefined, fallback, save)
      return
    }
    // The call skips the comparisons if it worked; else they run one after the other on the result, which therefore
    // must not lie where the comparisons' own results go.
    const result = save === this.scratch ? this.memory.data('$result', 8) : save
    const first = this.operations.length + 1
    const after = first + errnos.length
    this.push(number, args, bits, site, after, first, result)
    errnos.forEach((errno, i) => {
      const otherwise = i + 1 < errnos.length ? first + i + 1 : fallback
      this.push(
        OP_BRANCH,
        [result, -1, -errnoValue(errno)],
        1,
        { ...site, fatal: false, helper: `is it ${errno}?` },
        i < tolerated ? after : scoped(onError?.[errno] as string, scope),
        otherwise,
      )
    })
  }
}

/** A failure of it ends the set-up: of a call, unless all its errors are led away. */
function isFatal(instruction: Instruction, { lenient }: Section): boolean {
  if (instruction.kind !== 'call') return instruction.kind === 'fail'
  return !lenient && instruction.tolerate !== 'any' && instruction.onError?.['*'] === undefined
}

function errnoValue(name: string): number {
  const value = errnoNumber(name)
  if (value === undefined) throw new RtError('RT_PROGRAM', `no errno is named ${name}`)
  return value
}

/** Is this result of this operation what ended the set-up? */
export function isFailure(
  site: Site,
  result: number | undefined,
  nameOf: (errno: number) => string | undefined,
): boolean {
  if (!site.fatal || site.helper !== undefined || result === undefined || result >= 0 || result < -4095) return false
  const { instruction } = site
  if (instruction.kind !== 'call') return true
  const name = nameOf(-result) as `E${string}`
  const { tolerate } = instruction
  if (tolerate === 'any' || tolerate?.includes(name)) return false
  return instruction.onError?.[name] === undefined
}
