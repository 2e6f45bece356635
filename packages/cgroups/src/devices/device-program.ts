import {
  BPF_DEVCG_ACC_MKNOD,
  BPF_DEVCG_ACC_READ,
  BPF_DEVCG_ACC_WRITE,
  BPF_DEVCG_DEV_BLOCK,
  BPF_DEVCG_DEV_CHAR,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
} from '@rt/sys'
import type { DeviceRule } from '../resources/device-rule.js'
import { and, type BpfInstruction, copy, exit, load32, move, shiftRight, skipIfEqual, skipUnlessEqual } from './bpf.js'

/** Registers: r1 comes with the context, `struct bpf_cgroup_dev_ctx { u32 access_type, major, minor; }`. */
const RESULT = BPF_REG_0
const CONTEXT = BPF_REG_1
const TYPE = BPF_REG_2
/** Accesses that are asked for and not yet granted. */
const WANTED = BPF_REG_3
const MAJOR = BPF_REG_4
const MINOR = BPF_REG_5

const ACCESS: Readonly<Record<string, number>> = {
  m: BPF_DEVCG_ACC_MKNOD,
  r: BPF_DEVCG_ACC_READ,
  w: BPF_DEVCG_ACC_WRITE,
}
const ALL = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE
const TYPES = { b: BPF_DEVCG_DEV_BLOCK, c: BPF_DEVCG_DEV_CHAR } as const

/** access_type holds the accesses above 16 bits of type. */
const PROLOGUE: readonly BpfInstruction[] = [
  load32(TYPE, CONTEXT, 0),
  copy(WANTED, TYPE),
  and(TYPE, 0xffff),
  shiftRight(WANTED, 16),
  load32(MAJOR, CONTEXT, 4),
  load32(MINOR, CONTEXT, 8),
]

const answer = (allow: boolean): BpfInstruction[] => [move(RESULT, allow ? 1 : 0), exit]

const bitsOf = ({ access }: DeviceRule): number => [...access].reduce((bits, letter) => bits | (ACCESS[letter] ?? 0), 0)

/** What a rule does once the device matches. */
function verdict(rule: DeviceRule): BpfInstruction[] {
  const bits = bitsOf(rule)
  if (bits === ALL) return answer(rule.allow)
  if (rule.allow) return [and(WANTED, ALL & ~bits), skipUnlessEqual(WANTED, 0, 2), ...answer(true)]
  // The context is not needed any more; r1 is free.
  return [copy(CONTEXT, WANTED), and(CONTEXT, bits), skipIfEqual(CONTEXT, 0, 2), ...answer(false)]
}

/**
 * A program of type BPF_PROG_TYPE_CGROUP_DEVICE (Linux 4.15) that answers as the rules do: for each access that is
 * asked for, the last rule that speaks of the device and of this access decides; what no rule speaks of is denied.
 *
 * The rules are tried from the last to the first, so the first that matches decides. A rule that matches everything
 * ends the program: the verifier refuses instructions that can't be reached.
 */
export function deviceProgram(rules: readonly DeviceRule[]): BpfInstruction[] {
  const program = [...PROLOGUE]
  for (const rule of [...rules].reverse()) {
    const tests: [register: number, value: number][] = []
    if (rule.type !== 'a') tests.push([TYPE, TYPES[rule.type]])
    if (rule.major !== undefined) tests.push([MAJOR, rule.major])
    if (rule.minor !== undefined) tests.push([MINOR, rule.minor])
    const then = verdict(rule)
    // Each test that fails skips the tests after it and the verdict.
    tests.forEach(([register, value], i) => {
      program.push(skipUnlessEqual(register, value, tests.length - 1 - i + then.length))
    })
    program.push(...then)
    if (tests.length === 0 && bitsOf(rule) === ALL) return program
  }
  return [...program, ...answer(false)]
}
