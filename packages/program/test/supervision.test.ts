// requires root for new namespaces: what ends a container, and who is told
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type CompileOptions, compile, type Plan, run, sequence } from '../src/index.js'
import { execute, shell, step } from './plans.js'

const folder = mkdtempSync(join(tmpdir(), 'rt-supervision-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const executable = (plan: Plan, supervision: NonNullable<CompileOptions['supervision']>): string => {
  const file = join(folder, `elf-${count++}`)
  writeFileSync(file, compile(plan, { supervision }), { mode: 0o755 })
  return file
}
/** In no pid namespace: the kernel keeps no signal from it. */
const script = (text: string): Plan => sequence(step('exec', { 'init.execute': execute(['/bin/sh', '-c', text]) }))

describe.skipIf(process.getuid?.() !== 0)('a wall-clock limit (skipped without root: new namespaces)', () => {
  it('ends the container while Node is blocked, and says so', async () => {
    const container = await run(shell('sleep 60'), { stdio: 'null', wallMs: 150 })
    const began = process.hrtime.bigint()
    // The event loop stands still for longer than the container may run.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600)
    expect(await container.exited).toEqual({ signal: 9, timedOut: true })
    expect(Number(process.hrtime.bigint() - began) / 1e6).toBeLessThan(5_000)
  })

  it('is nothing to one that ends before', async () => {
    const container = await run(shell('exit 3'), { stdio: 'null', wallMs: 60_000 })
    expect(await container.exited).toEqual({ code: 3 })
  })

  it('holds for an executable of its own', () => {
    const file = executable(shell('sleep 60'), { wallMs: 100 })
    expect(spawnSync(file, { timeout: 10_000 }).status).toBe(137)
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses %d', async (wallMs) => {
    await expect(run(shell('exit 0'), { wallMs })).rejects.toMatchObject({ code: 'RT_INVALID_OPTION' })
  })
})

describe.skipIf(process.getuid?.() !== 0)('an executable of its own (skipped without root: new namespaces)', () => {
  it('has an empty stdin if it is told so', () => {
    const said = (stdin: 'inherit' | 'null') =>
      spawnSync(executable(shell('cat; echo end'), { stdin }), { input: 'typed\n', encoding: 'utf8' }).stdout
    expect(said('null')).toBe('end\n')
    expect(said('inherit')).toBe('typed\nend\n')
  })

  it('asks the program to end by the stop signal', async () => {
    const plan = script('trap "echo usr1; exit 4" USR1; echo ready; while :; do sleep 0.01; done')
    const child = spawn(executable(plan, { signals: { stop: 10 } }), { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes
      if (output === 'ready\n') child.kill('SIGTERM')
    })
    const [code] = (await once(child, 'close')) as [number]
    expect({ code, output }).toEqual({ code: 4, output: 'ready\nusr1\n' })
  })

  it('kills at the third signal that asks for an end, and says so at the second', async () => {
    const plan = script('trap "echo no" TERM; echo ready; while :; do sleep 0.01; done')
    const child = spawn(executable(plan, { signals: { insist: 3 } }), { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stderr.on('data', (bytes: Buffer) => {
      said += bytes
    })
    // One at a time: each is answered before the next.
    child.stdout.on('data', () => child.kill('SIGTERM'))
    const [code] = (await once(child, 'close')) as [number]
    expect(code).toBe(137)
    expect(said).toMatch(/^rt: still running: .*once more kills it\n$/)
  })
})
