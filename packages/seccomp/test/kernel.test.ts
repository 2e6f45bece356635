// requires gcc
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hostArch, SECCOMP_RET_DATA, SECCOMP_RET_ERRNO } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { filter } from '../src/filter.js'
import { ABIS, type Abi, AUDIT_ARCH } from '../src/numbers/abi.js'
import { numbers } from '../src/numbers/syscall-numbers.js'
import { X32_BIT } from '../src/numbers/x32.js'
import { actionOf } from '../src/profile/actions.js'
import type { SeccompProfile } from '../src/profile/profile.js'
import { interpret } from './interpret.js'
import { ODD_NUMBERS, pick, type Random, randomNumbers, randomProfile, randomValue } from './random-profile.js'

const PROFILES = 20
const CALLS = 200

/** What the program itself calls under the filter. */
const ITS_OWN = ['write', 'exit_group']
const BY_DEFAULT = 4000

/** x86-64's calls of uprobes' trampolines, which the kernel asks no filter about (Linux 6.14): elsewhere they raise SIGILL, or ENXIO. */
const UNFILTERED = [335, 336]

interface Call {
  readonly abi: Abi
  readonly number: number
  readonly args: readonly bigint[]
}

/** A random profile that refuses all, each rule with an errno of its own: whatever is called, nothing happens. */
function refusing(random: Random, wide: boolean): SeccompProfile {
  const names = [...new Set(ABIS[hostArch()].flatMap((abi) => [...numbers(abi).keys()]))]
  const others = names.filter((name) => !ITS_OWN.includes(name))
  const { syscalls = [], architectures = [] } = randomProfile(random, others, wide, 'any')
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: BY_DEFAULT,
    architectures,
    syscalls: [
      ...syscalls.map((rule, i) => ({ ...rule, action: 'SCMP_ACT_ERRNO' as const, errnoRet: 1 + i })),
      { names: ITS_OWN, action: 'SCMP_ACT_ALLOW' },
    ],
  }
}

/** Calls around what the profile names, of which the filter says that they get an errno. */
function refusedCalls(random: Random, bytes: Uint8Array, profile: SeccompProfile): (Call & { errno: number })[] {
  const named = (profile.syscalls ?? []).flatMap(({ names = [] }) => names)
  return Array.from({ length: CALLS }, (): Call => {
    const abi = pick(random, ABIS[hostArch()])
    const number = random(4) === 0 ? pick(random, ODD_NUMBERS) : (numbers(abi).get(pick(random, named)) ?? random(480))
    const args = Array.from({ length: 6 }, () => randomValue(random, abi !== 'x86'))
    return { abi, number, args: abi === 'x86' ? [...args.slice(0, 5), 0n] : args }
  }).flatMap((call) => {
    const { value } = interpret(bytes, { ...call, arch: AUDIT_ARCH[call.abi] })
    if (call.abi !== 'x86' && UNFILTERED.includes(call.number)) return []
    return actionOf(value) === SECCOMP_RET_ERRNO ? [{ ...call, errno: value & SECCOMP_RET_DATA }] : []
  })
}

describe.each([true, false])('the kernel does what the interpreter says (64-bit values: %s)', (wide) => {
  beforeEach((context) => {
    needs(context, 'gcc')
    if (hostArch() === 'arm64') context.skip('a 64-bit arm program has no way into the 32-bit ABI')
  })

  it('for random calls under random profiles', () => {
    const program = built()
    const tried = { calls: 0, errnos: new Set<number>(), x86: 0, x32: 0 }
    for (let seed = 0; seed < PROFILES; seed++) {
      const random = randomNumbers(seed)
      const profile = refusing(random, wide)
      const { bytes } = filter(profile)
      const calls = refusedCalls(random, bytes, profile)
      const answers = answersOf(program, bytes, calls)
      calls.forEach(({ errno, ...call }, i) => {
        if (answers[i] !== -errno) expect({ seed, ...call, answer: answers[i] }).toEqual(-errno)
        tried.calls++
        tried.errnos.add(errno)
        if (call.abi === 'x86') tried.x86++
        else if (call.number >= X32_BIT && call.number < 2 * X32_BIT) tried.x32++
      })
    }
    // Some of all have no errno (killed as of a bad architecture); and rules decided, not the default alone.
    expect(tried.calls).toBeGreaterThan((PROFILES * CALLS) / 4)
    expect(tried.errnos.size).toBeGreaterThan(20)
    if (!wide) expect(Math.min(tried.x86, tried.x32)).toBeGreaterThan(100)
  })
})

function answersOf(program: string, bytes: Uint8Array, calls: readonly Call[]): number[] {
  const file = join(temporaryFolder('kernel-filter'), 'filter')
  writeFileSync(file, bytes)
  const records = calls.flatMap(({ abi, number, args }) => [abi === 'x86' ? 1n : 0n, BigInt(number), ...args])
  const input = new Uint8Array(new BigUint64Array(records).buffer)
  const { status, signal, stdout, stderr } = spawnSync(program, [file], { input })
  expect({ status, signal, stderr: stderr.toString() }).toEqual({ status: 0, signal: null, stderr: '' })
  return calls.map((_, i) => Number(stdout.readBigInt64LE(8 * i)))
}

function built(): string {
  const source = fileURLToPath(new URL('./answered-calls.c', import.meta.url))
  const binary = join(temporaryFolder('answered-calls'), 'answered-calls')
  const { status, stderr } = spawnSync('gcc', ['-Wall', '-Werror', '-O1', '-o', binary, source], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return binary
}
