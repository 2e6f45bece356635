// requires: nothing; programs are pure
import { describe, expect, it } from 'vitest'
import {
  address,
  assemble,
  buffer,
  call,
  goto,
  type Instruction,
  label,
  ON_ITS_OWN,
  ref,
  sequence,
  struct,
} from '../src/index.js'
import { execute, shell, step } from './plans.js'

const build = (...steps: Parameters<typeof sequence>) =>
  assemble(sequence(...steps, step('exec', { 'init.execute': execute(['/bin/true']) })), {
    supervision: ON_ITS_OWN,
    arch: 'x64',
  })
const inside = (...instructions: Instruction[]) => step('tested', { 'init.mount': instructions })

interface Segment {
  type: number
  flags: number
  offset: number
  address: number
  fileSize: number
  memorySize: number
}

function segments(elf: Buffer): Segment[] {
  return Array.from({ length: elf.readUInt16LE(56) }, (_, i) => {
    const at = 64 + i * 56
    return {
      type: elf.readUInt32LE(at),
      flags: elf.readUInt32LE(at + 4),
      offset: elf.readUInt32LE(at + 8),
      address: elf.readUInt32LE(at + 16),
      fileSize: elf.readUInt32LE(at + 32),
      memorySize: elf.readUInt32LE(at + 40),
    }
  })
}

describe('the ELF', () => {
  it.each(['x64', 'arm64'] as const)(
    'for %s has no segment that is writable and executable, and an idle stack',
    (arch) => {
      const { elf } = assemble(shell('exit 0'), { arch })
      expect(elf.subarray(0, 4).toString('latin1')).toBe('\x7fELF')
      expect(elf.readUInt16LE(18)).toBe(arch === 'x64' ? 62 : 183)
      const all = segments(elf)
      for (const { flags } of all) expect(flags & 3).not.toBe(3) // PF_X | PF_W
      expect(all.filter(({ type }) => type === 0x6474e551)).toMatchObject([{ flags: 6 }])
      for (const { type, offset, address: at, fileSize } of all) {
        if (type !== 1) continue
        // Congruent modulo 64 KiB: arm64 kernels have pages up to that.
        if (fileSize > 0) expect(at % 0x10000).toBe(offset % 0x10000)
      }
    },
  )

  it('is small: a shell command takes less than 22 KB, and one entry point lies in the code', () => {
    const { elf } = assemble(shell('exit 0'), { supervision: ON_ITS_OWN, arch: 'x64' })
    expect(elf.length).toBeLessThan(22_000)
    const code = segments(elf).find(({ flags }) => flags === 5) as Segment
    const entry = elf.readUInt32LE(24)
    expect(entry).toBeGreaterThanOrEqual(code.address)
    expect(entry).toBeLessThan(code.address + code.fileSize)
  })
})

describe('assemble refuses', () => {
  it('a label that nothing defines', () => {
    expect(() => build(inside(goto('nowhere')))).toThrow('no label "0.nowhere" in the plan')
  })

  it('the same label twice in a step, but not in two steps', () => {
    expect(() => build(inside(label('x'), label('x')))).toThrow('label "0.x" is defined twice')
    expect(() => build(inside(label('x')), step('other', { 'init.mount': [label('x')] }))).not.toThrow()
  })

  it('two steps of one name', () => {
    expect(() => sequence(step('a', {}), step('a', {}))).toThrow('two steps are named "a"')
  })

  it('a struct field that is not there, is narrow, or has a ref without a name', () => {
    expect(() => build(inside(call('ppoll', [struct('pollfd', { fdd: 1 }), 1, 0, 0, 0])))).toThrow('no field fdd')
    expect(() => build(inside(call('ppoll', [struct('pollfd', { fd: ref('x') }, 'p'), 1, 0, 0, 0])))).toThrow('64-bit')
    expect(() => build(inside(call('openat2', [1, 'x', struct('open_how', { flags: ref('x') }), 24])))).toThrow(
      'a name',
    )
  })

  it('bytes where a struct has no room for an address', () => {
    const narrow = struct('pollfd', { fd: Buffer.from('x') })
    expect(() => build(inside(call('ppoll', [narrow, 1, 0, 0, 0])))).toThrow('64-bit')
  })

  it('two different structs under one name', () => {
    const one = call('ppoll', [struct('timespec', { tv_sec: 1 }, 't'), 0, 0, 0, 0])
    const two = call('ppoll', [struct('timespec', { tv_sec: 2 }, 't'), 0, 0, 0, 0])
    expect(() => build(inside(one, two))).toThrow('two structs with different fields are named "0.t"')
  })

  it('a save whose name is no name', () => {
    expect(() => build(inside(call('getpid', [], { save: 'lost+found' })))).toThrow('"lost+found" is no name')
  })

  it('text with a NUL, an errno that is none, and a program that is too large', () => {
    expect(() => build(inside(call('chdir', ['a\0b'])))).toThrow('a NUL byte')
    expect(() => build(inside(call('chdir', ['a'], { tolerate: ['ENONE'] })))).toThrow('no errno is named ENONE')
    expect(() => build(inside(call('chdir', [new Uint8Array(17_000_000)])))).toThrow('too large')
  })
})

describe('memory', () => {
  it('gives a buffer its full size wherever it is named first', () => {
    const { elf } = build(inside(call('read', [0, address('b', 8), 8]), call('read', [0, buffer('b', 4096), 4096])))
    const data = segments(elf).find(({ flags, fileSize }) => flags === 6 && fileSize > 0) as Segment
    expect(data.fileSize).toBeGreaterThanOrEqual(4096)
  })
})

it('an initialised part of memory that else begins as zero is in the file', () => {
  // A vector with a word among constants: its pointers are known now, the word's only when it runs.
  const program = build(
    inside(call('getpid', [], { save: 'x' }), call('getpid', [{ strings: ['constant', ref('x')] }])),
  )
  const data = segments(program.elf).find(({ type, flags }) => type === 1 && (flags & 2) !== 0) as Segment
  const pointer = Buffer.alloc(8)
  const text = program.elf.indexOf('constant\0')
  expect(text).toBeGreaterThan(0)
  const constants = segments(program.elf).find(
    ({ type, offset, fileSize }) => type === 1 && offset <= text && text < offset + fileSize,
  ) as Segment
  pointer.writeBigUInt64LE(BigInt(constants.address + text - constants.offset))
  expect(program.elf.subarray(data.offset, data.offset + data.fileSize).includes(pointer)).toBe(true)
})
