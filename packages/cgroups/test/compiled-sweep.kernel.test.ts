// requires root: executables with a group of their own, whose processes die at every operation
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joined } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { assemble, call, compile, type Fault, type Instruction, ON_ITS_OWN, sequence, vector } from '@rt/program'
import { CLONE_NEWNS, CLONE_NEWPID, CLOSE_RANGE_CLOEXEC, MS_PRIVATE, MS_REC } from '@rt/sys'
import { afterAll, describe, expect, it } from 'vitest'
import { detectCgroups, join } from '../src/index.js'

const folder = mkdtempSync(joined(tmpdir(), 'rt-compiled-sweep-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const group = `/rt-compiled-${process.pid}`
const groups = () =>
  detectCgroups().hierarchies.flatMap(({ top }) =>
    top !== undefined && existsSync(`${top}${group}`) ? [`${top}${group}`] : [],
  )

const execute: readonly Instruction[] = [
  call('close_range', [3, 0xffffffff, CLOSE_RANGE_CLOEXEC]),
  call('rt_sigprocmask', [2, new Uint8Array(8), null, 8]),
  call('execve', ['/bin/true', vector(['true']), vector([])]),
]
const plan = sequence(
  {
    name: 'namespaces',
    why: 'a test',
    clone: CLONE_NEWNS | CLONE_NEWPID,
    'init.enter': [call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null])],
  },
  join(group, { pids: { max: 64 } }),
  { name: 'exec', why: 'a test', 'init.execute': execute },
)

/** Processes in the group, or executing the file. */
const left = (file: string) =>
  readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const isDead = /\) [ZX]/.test(readFileSync(`/proc/${name}/stat`, 'latin1'))
      return !isDead && readFileSync(`/proc/${name}/cmdline`, 'latin1').startsWith(file)
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
      return false
    }
  })

describe.skipIf(process.getuid?.() !== 0)('an executable with a group (skipped without root: cgroups)', () => {
  const { sites, reap } = assemble(plan, { supervision: ON_ITS_OWN })
  let count = 0
  const outcome = async (what: string, fault?: Fault) => {
    const file = joined(folder, `elf-${count++}`)
    writeFileSync(file, assemble(plan, { supervision: ON_ITS_OWN, fault }).elf, { mode: 0o755 })
    const { status, signal } = spawnSync(file, { stdio: 'ignore', timeout: 20_000 })
    // Where the supervisor has died its heir is at work still.
    await expect.poll(groups, { message: what, interval: 2, timeout: 10_000 }).toEqual([])
    await expect.poll(() => left(file), { message: what, interval: 2, timeout: 10_000 }).toEqual([])
    rmSync(file)
    return { status, signal }
  }

  it('runs, and takes its group away', async () => {
    expect(await outcome('without a fault')).toEqual({ status: 0, signal: null })
  })

  it('whoever dies, at any operation, nothing is left', async () => {
    for (const [op, { step, process, instruction, outOfLine }] of sites.entries()) {
      // What follows init's death the heir does too, and the fault is in the program: both would die.
      if (process === 'supervisor' && !outOfLine && op > (reap ?? 0)) continue
      const what = `operation ${op} (${process}, ${plan.steps[step]?.name ?? 'set-up'}: ${instruction.kind})`
      await outcome(what, { op, dies: true })
    }
  }, 300_000)

  it('that has a name for each run, runs many times at once', async () => {
    const file = joined(folder, 'many')
    const perRun = sequence(plan.steps[0], join(`${group}-XXXXXXXX`, { pids: { max: 64 } }, { perRun: true }), {
      name: 'exec',
      why: 'a test',
      'init.execute': [
        ...execute.slice(0, 2),
        call('execve', ['/bin/cat', vector(['cat', '/proc/self/cgroup']), vector([])]),
      ],
    })
    writeFileSync(file, compile(perRun), { mode: 0o755 })
    const runs = await Promise.all(Array.from({ length: 8 }, () => promisify(execFile)(file)))
    const names = runs.map(({ stdout }) => new RegExp(`${group}-([0-9a-f]{8})$`, 'm').exec(stdout)?.[1])
    expect(new Set(names).size).toBe(8)
    expect(names).not.toContain(undefined)
    const left = detectCgroups().hierarchies.flatMap(({ top }) =>
      top === undefined ? [] : readdirSync(top).filter((name) => name.startsWith(group.slice(1))),
    )
    expect(left).toEqual([])
    expect(() => join(group, {}, { perRun: true })).toThrow('ends with XXXXXXXX')
  })

  it('SIGKILL for the supervisor or its heir, at any time, leaves nothing', async () => {
    const file = joined(folder, 'long')
    const long = sequence(...plan.steps.slice(0, 2), {
      name: 'exec',
      why: 'a test',
      'init.execute': [...execute.slice(0, 2), call('execve', ['/bin/sleep', vector(['sleep', '600']), vector([])])],
    })
    writeFileSync(file, compile(long), { mode: 0o755 })
    for (let round = 0; round < 120; round++) {
      const child = spawn(file, { stdio: 'ignore' })
      const ended = once(child, 'close')
      // From before its first call until it waits for a program that runs.
      await sleep(round / 8)
      const heir = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1').split(' ')[0]
      if (round % 2 === 1 && heir) process.kill(Number(heir), 'SIGKILL')
      else child.kill('SIGKILL')
      await ended
      await expect.poll(groups, { message: `round ${round}`, interval: 2, timeout: 10_000 }).toEqual([])
      await expect.poll(() => left(file), { message: `round ${round}`, interval: 2, timeout: 10_000 }).toEqual([])
    }
  }, 60_000)
})
