// pure: device programs run by an interpreter
import { describe, expect, it } from 'vitest'
import { encodeBpf } from '../src/devices/bpf.js'
import { deviceProgram } from '../src/devices/device-program.js'
import { DEFAULT_DEVICES, type DeviceRule } from '../src/index.js'
import { decodeBpf } from './bpf-decode.js'
import { BpfMachine, type DeviceAccess } from './bpf-interpreter.js'

const machine = (rules: readonly DeviceRule[]) => new BpfMachine(encodeBpf(deviceProgram(rules)))

/** What the rules mean, said the other way round: for each access bit, the last rule that speaks of it. */
function meaning(rules: readonly DeviceRule[], { type, major, minor, access }: DeviceAccess): boolean {
  return [...access].every((bit) => {
    const last = rules.findLast(
      (rule) =>
        (rule.type === 'a' || rule.type === type) &&
        (rule.major ?? major) === major &&
        (rule.minor ?? minor) === minor &&
        rule.access.includes(bit),
    )
    return last?.allow ?? false
  })
}

const ACCESSES = ['r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm']
const all: DeviceAccess[] = (['b', 'c'] as const).flatMap((type) =>
  [0, 1, 5, 136].flatMap((major) =>
    [0, 1, 3, 255].flatMap((minor) => ACCESSES.map((access) => ({ type, major, minor, access }))),
  ),
)

const lists: Record<string, DeviceRule[]> = {
  'no rule': [],
  'everything allowed': [{ allow: true, type: 'a', access: 'rwm' }],
  'everything denied': [{ allow: false, type: 'a', access: 'rwm' }],
  'what comes before the last word is dropped': [
    { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' },
    { allow: false, type: 'a', access: 'rwm' },
    { allow: true, type: 'b', access: 'r' },
  ],
  'all but writing': [
    { allow: true, type: 'a', access: 'rwm' },
    { allow: false, type: 'a', access: 'w' },
  ],
  'a hole in a wildcard': [
    { allow: true, type: 'c', major: 1, access: 'rwm' },
    { allow: false, type: 'c', major: 1, minor: 3, access: 'w' },
  ],
  'accesses from several rules': [
    { allow: true, type: 'c', major: 1, access: 'r' },
    { allow: true, type: 'c', minor: 3, access: 'w' },
    { allow: true, type: 'a', access: 'm' },
  ],
  'Docker’s default': [...DEFAULT_DEVICES],
}

describe('a device program', () => {
  it.each(Object.entries(lists))('%s: decides as the last rule that speaks of an access', (_, rules) => {
    const program = machine(rules)
    for (const access of all) expect(program.allows(access), JSON.stringify(access)).toBe(meaning(rules, access))
  })

  it('has no instruction that cannot be reached: the verifier would refuse it', () => {
    for (const [name, rules] of Object.entries(lists)) {
      const program = machine(rules)
      const numbers = rules.map(({ major = 7, minor = 7 }) => ({ major, minor }))
      for (const type of ['b', 'c'] as const) {
        for (const { major, minor } of [...numbers, { major: 99, minor: 99 }]) {
          for (const access of ACCESSES) program.allows({ type, major, minor, access })
        }
      }
      expect(program.unreached, name).toEqual([])
    }
  })

  it('lets Docker’s containers use null and make any node, and nothing else', () => {
    const program = machine(DEFAULT_DEVICES)
    const of = (type: 'b' | 'c', major: number, minor: number, access: string) =>
      program.allows({ type, major, minor, access })
    expect(of('c', 1, 3, 'rw')).toBe(true)
    expect(of('c', 136, 1234, 'rw')).toBe(true)
    expect(of('b', 8, 0, 'm')).toBe(true)
    expect(of('b', 8, 0, 'r')).toBe(false)
    expect(of('c', 1, 1, 'r')).toBe(false) // /dev/mem
    expect(of('c', 10, 229, 'rw')).toBe(false) // /dev/fuse
  })

  it('is encoded as the kernel reads it', () => {
    const [first] = decodeBpf(encodeBpf(deviceProgram([])))
    // r2 = *(u32 *)(r1 + 0)
    expect(Buffer.from(encodeBpf(deviceProgram([])).subarray(0, 8)).toString('hex')).toBe('6112000000000000')
    expect(first).toEqual({ opcode: 0x61, destination: 2, source: 1, offset: 0, immediate: 0 })
    // Nothing is allowed: six instructions to read the question, two to say no.
    expect(deviceProgram([])).toHaveLength(8)
    expect(decodeBpf(encodeBpf(deviceProgram(DEFAULT_DEVICES)))).toEqual(deviceProgram(DEFAULT_DEVICES))
  })
})
