import { type Arch, errnoNumber, hostArch, RtError, structLayout, syscallNumber, writeField } from '@rt/sys'
import { dataFileOffset, writeElf } from './elf.js'
import { type FrameOptions, frame, type Section } from './frame.js'
import type { Call, Instruction, Value } from './instruction.js'
import {
  CONST_BASE,
  CONST_OFFSET,
  DATA_BASE,
  LOG_BASE,
  LOG_FD,
  LOG_HEADER,
  OP_BRANCH,
  OP_COMPUTE,
  OP_SIZE,
} from './layout.js'
import { Memory, type Place } from './memory.js'
import type { Plan } from './plan.js'

/** One operation, before addresses are known. */
interface Op {
  call: number
  arguments: (number | bigint | Place)[]
  indirect: number
  save: Place
  /** Label or index of the next operation; undefined is the one after. */
  next?: string | number
  failed?: string | number
  site: Site
}

/** Where an operation comes from: what errors, explain and trace say about it. */
export interface Site {
  readonly process: 'supervisor' | 'init'
  /** Index of the step in the plan; -1 is the frame. */
  readonly step: number
  readonly instruction: Instruction
  /** A failure of this operation ends the set-up. */
  readonly fatal: boolean
}

/** An executable image and what is needed to read its log. */
export interface Program {
  readonly arch: Arch
  readonly plan: Plan
  readonly elf: Buffer
  /** One per operation, in the order of the log. */
  readonly sites: readonly Site[]
  readonly logSize: number
}

export interface AssembleOptions extends FrameOptions {
  /** Default: this machine's. */
  readonly arch?: Arch
}

/**
 * Turn a plan into a program: labels become indices, names become addresses, calls become numbers of the architecture.
 *
 * @throws RtError RT_PROGRAM for a name or label that nothing defines
 */
export function assemble(plan: Plan, options: AssembleOptions): Program {
  const arch = options.arch ?? hostArch()
  const { sections } = frame(plan, options)
  const assembler = new Assembler(arch, sections)
  if (options.mode === 'node') assembler.mapLog()
  return assembler.run(plan)
}

const isNamed = (value: unknown, key: string): boolean => typeof value === 'object' && value !== null && key in value

class Assembler {
  private readonly ops: Op[] = []
  private readonly labels = new Map<string, number>()
  private readonly memory: Memory
  private readonly scratch: Place

  constructor(
    private readonly arch: Arch,
    private readonly sections: readonly Section[],
  ) {
    // Placeholder size: operations are counted only when all are made, so constants are laid out relative to them.
    this.memory = new Memory(0)
    this.scratch = this.memory.data('$scratch', 8)
    this.memory.data('$pidfd', 8)
  }

  mapLog(): void {
    const MAP_SHARED_FIXED = 0x11
    const site: Site = {
      process: 'supervisor',
      step: -1,
      fatal: false,
      instruction: { kind: 'call', call: 'mmap', args: [LOG_BASE, 0, 3, MAP_SHARED_FIXED, LOG_FD, 0] },
    }
    this.push(syscallNumber('mmap', this.arch), [LOG_BASE, 0, 3, MAP_SHARED_FIXED, LOG_FD, 0], 0, site)
  }

  run(plan: Plan): Program {
    for (const section of this.sections) this.section(section)
    const first = this.ops[0]
    const logSize = LOG_HEADER + this.ops.length * 8
    if (first && first.site.instruction.kind === 'call' && first.site.instruction.call === 'mmap') {
      first.arguments[1] = (logSize + 4095) & ~4095
    }
    return { arch: this.arch, plan, elf: this.emit(logSize), sites: this.ops.map((op) => op.site), logSize }
  }

  private push(number: number, args: Op['arguments'], indirect: number, site: Site, more: Partial<Op> = {}): void {
    this.ops.push({ call: number, arguments: args, indirect, save: this.scratch, site, ...more })
  }

  private section(section: Section): void {
    for (const instruction of section.instructions) {
      const site = { process: section.process, step: section.step, instruction, fatal: false }
      switch (instruction.kind) {
        case 'label':
          this.labels.set(this.name(instruction.name, section), this.ops.length)
          break
        case 'goto':
          this.push(OP_COMPUTE, [0, 0, 0], 0, site, { next: this.name(instruction.to, section) })
          break
        case 'call':
          this.call(instruction, section, site)
          break
        case 'branch': {
          const [value, indirect] = this.value(instruction.value, section)
          const mask = instruction.mask ?? -1n
          const more: Partial<Op> = {}
          const at = this.ops.length
          more.next = instruction.then === undefined ? at + 1 : this.name(instruction.then, section)
          more.failed = instruction.else === undefined ? at + 1 : this.name(instruction.else, section)
          this.push(OP_BRANCH, [value, mask, instruction.equals], indirect ? 1 : 0, site, more)
          break
        }
        case 'compute': {
          const parts = [instruction.base, instruction.left ?? 0, instruction.right ?? 0].map((v) =>
            this.value(v, section),
          )
          const indirect = parts.reduce((bits, [, is], i) => bits | (is ? 1 << i : 0), 0)
          const at = this.ops.length
          const save = this.saveTo(instruction.save, section)
          this.push(
            OP_COMPUTE,
            parts.map(([v]) => v),
            indirect,
            site,
            { save, next: at + 1, failed: at + 1 },
          )
          break
        }
        case 'fail':
          // A computed -EINVAL: the sentence is found through the site.
          this.push(OP_COMPUTE, [-22, 0, 0], 0, { ...site, fatal: true }, { failed: section.failTo })
          break
      }
    }
  }

  private call(instruction: Call, section: Section, site: Site): void {
    const parts = instruction.args.map((arg) => this.value(arg, section))
    const indirect = parts.reduce((bits, [, is], i) => bits | (is ? 1 << i : 0), 0)
    const at = this.ops.length
    const number = syscallNumber(instruction.call, this.arch)
    const save = instruction.save === undefined ? this.scratch : this.saveTo(instruction.save, section)
    const args = parts.map(([v]) => v)
    if (section.lenient || instruction.tolerate === 'any') {
      this.push(number, args, indirect, site, { save, failed: at + 1 })
      return
    }
    const routes: [string | undefined, string | number][] = [
      ...(instruction.tolerate ?? []).map((errno): [string, string | number] => [errno, 'next']),
      ...Object.entries(instruction.onError ?? {})
        .filter(([errno]) => errno !== '*')
        .map(([errno, to]): [string, string] => [errno, this.name(to as string, section)]),
    ]
    const other = instruction.onError?.['*']
    const fallback = other === undefined ? section.failTo : this.name(other, section)
    const full = { ...site, fatal: other === undefined }
    if (routes.length === 0) {
      this.push(number, args, indirect, full, { save, failed: fallback })
      return
    }
    // The call skips the comparisons if it worked; else they run one after the other on the result.
    const result = save === this.scratch ? this.memory.data('$result', 8) : save
    const after = at + 1 + routes.length
    this.push(number, args, indirect, full, { save: result, next: after, failed: at + 1 })
    routes.forEach(([errno, to], i) => {
      const value = errnoValue(errno as string)
      const next = to === 'next' ? after : to
      const failed = i + 1 < routes.length ? at + 2 + i : fallback
      this.push(OP_BRANCH, [result, -1n, -value], 1, { ...site, fatal: false }, { next, failed })
    })
  }

  /** Names that start with $ are the plan's; others belong to their step. */
  private name(name: string, section: Section): string {
    return name.startsWith('$') ? name : `${section.step}.${name}`
  }

  private saveTo(name: string, section: Section): Place {
    const plus = name.lastIndexOf('+')
    if (plus > 0) {
      const place = this.memory.data(this.name(name.slice(0, plus), section), 16)
      return { segment: 'data', offset: place.offset + Number(name.slice(plus + 1)) }
    }
    return this.word(this.name(name, section))
  }

  /** A word starts as -1: as a file descriptor it is then refused, where 0 would be somebody's stdin. */
  private word(name: string): Place {
    return this.memory.find(name) ?? this.memory.data(name, 8, new Uint8Array(8).fill(0xff))
  }

  /** The operand, and whether it is read from memory. */
  private value(value: Value, section: Section): [number | bigint | Place, boolean] {
    if (value === null) return [0, false]
    if (typeof value === 'number' || typeof value === 'bigint') return [value, false]
    if (typeof value === 'string') return [this.memory.string(value), false]
    if (value instanceof Uint8Array) return [this.memory.constant(value), false]
    if ('ref' in value) return [this.at(value.ref, value.offset ?? 0, section), true]
    if ('address' in value) return [this.at(value.address, value.offset ?? 0, section), false]
    if ('buffer' in value) return [this.memory.data(this.name(value.buffer, section), value.size), false]
    if ('text' in value) return [this.memory.string(value.text), false]
    if ('strings' in value) {
      const bytes = new Uint8Array((value.strings.length + 1) * 8)
      const place = this.memory.constant(bytes)
      value.strings.forEach((text, i) => {
        this.memory.fixups.push({
          at: { segment: 'const', offset: place.offset + i * 8 },
          target: isNamed(text, 'address')
            ? this.at((text as unknown as { address: string }).address, 0, section)
            : this.memory.string(text),
        })
      })
      return [place, false]
    }
    const layout = structLayout(value.struct)
    const bytes = new Uint8Array(layout.size)
    const view = new DataView(bytes.buffer)
    const pointers: [number, Place][] = []
    for (const [field, content] of Object.entries(value.fields)) {
      const at = layout.fields[field]
      if (!at) throw new RtError('RT_PROGRAM', `struct ${value.struct} has no field ${field}`)
      if (typeof content === 'number' || typeof content === 'bigint') writeField(view, at.type, at.offset, content)
      else if ('address' in content) pointers.push([at.offset, this.at(content.address, content.offset ?? 0, section)])
      else
        throw new RtError('RT_PROGRAM', `struct ${value.struct}.${field}: save into the named struct instead of a ref`)
    }
    const place: Place = value.name
      ? this.memory.data(this.name(value.name, section), Math.max(layout.size, 32), bytes)
      : this.memory.constant(bytes, pointers.length ? undefined : `b${Buffer.from(bytes).toString('latin1')}`)
    for (const [offset, target] of pointers) {
      this.memory.fixups.push({ at: { segment: place.segment, offset: place.offset + offset }, target })
    }
    return [place, false]
  }

  private at(name: string, offset: number, section: Section): Place {
    const place = this.word(this.name(name, section))
    return { segment: 'data', offset: place.offset + offset }
  }

  private emit(logSize: number): Buffer {
    const opsSize = this.ops.length * OP_SIZE
    const { constants: rest, data } = this.memory.finish()
    const constants = Buffer.alloc(opsSize + rest.length)
    constants.set(rest, opsSize)
    const dataAddress = DATA_BASE + dataFileOffset(constants.length)
    const resolve = (place: Place): number =>
      place.segment === 'data' ? dataAddress + place.offset : CONST_BASE + CONST_OFFSET + opsSize + place.offset
    for (const { at, target } of this.memory.fixups) {
      const into = at.segment === 'data' ? data : constants
      writeWord(into, at.offset + (at.segment === 'data' ? 0 : opsSize), resolve(target))
    }
    const target = (to: string | number | undefined, fallback: number): number => {
      if (to === undefined) return fallback
      if (typeof to === 'number') return to
      const index = this.labels.get(to)
      if (index === undefined) throw new RtError('RT_PROGRAM', `no label ${JSON.stringify(to)} in the plan`)
      return index
    }
    this.ops.forEach((op, i) => {
      const base = i * OP_SIZE
      constants.writeInt32LE(op.call, base)
      constants.writeUInt32LE(op.indirect, base + 4)
      constants.writeUInt32LE(target(op.next, i + 1), base + 8)
      constants.writeUInt32LE(target(op.failed, i + 1), base + 12)
      writeWord(constants, base + 16, resolve(op.save))
      op.arguments.forEach((arg, k) => {
        writeWord(constants, base + 24 + k * 8, typeof arg === 'object' ? resolve(arg) : arg)
      })
    })
    return writeElf(this.arch, constants, data, logSize)
  }
}

const errnoValue = (name: string): number => {
  const value = errnoNumber(name)
  if (value === undefined) throw new RtError('RT_PROGRAM', `no errno is named ${name}`)
  return value
}

function writeWord(into: Buffer, offset: number, value: number | bigint): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
    into.writeUInt32LE(value >>> 0, offset)
    into.writeUInt32LE(Math.floor(value / 2 ** 32) >>> 0, offset + 4)
  } else into.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), offset)
}
