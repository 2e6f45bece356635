// requires root for new namespaces: programs of the host, run while init waits
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { compile, hostProgram, PID_HERE, run } from '../src/index.js'
import { shell, step } from './plans.js'

const folder = mkdtempSync(join(tmpdir(), 'rt-hooks-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
function script(text: string): string {
  const file = join(folder, `hook-${count++}`)
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return file
}

/** A container whose set-up runs these before its root would be changed. */
const hooked = (...programs: Parameters<typeof hostProgram>[0][]) =>
  shell('exit 5', step('hooks', { meets: [{ at: 'init.pivot', host: programs.flatMap((each) => hostProgram(each)) }] }))
const state = `{"ociVersion":"1.2.0","pid":${PID_HERE},"again":${PID_HERE}}`

describe.skipIf(process.getuid?.() !== 0)('a program of the host (skipped without root: new namespaces)', () => {
  it('reads what it is given, with init’s pid, and has its own environment, directory and streams', async () => {
    const out = join(folder, 'seen')
    const file = script(
      `{ cat; echo; echo "$*"; env; pwd; ls /proc/self/fd | wc -l; readlink /proc/self/ns/pid; } > ${out}`,
    )
    const container = await run(hooked({ name: 'hook', file, argv: ['x', 'one', 'two'], env: ['A=b'], stdin: state }), {
      stdio: 'null',
    })
    const { pid } = container
    expect(await container.exited).toEqual({ code: 5 })
    const [said, args, ...rest] = readFileSync(out, 'utf8').trim().split('\n')
    expect(JSON.parse(said as string)).toEqual({ ociVersion: '1.2.0', pid, again: pid })
    expect(args).toBe('one two')
    expect(rest).toContain('A=b')
    // stdin, stdout, stderr, and that of ls on the directory.
    expect(rest.slice(-3, -1)).toEqual(['/', '4'])
  })

  it('runs after another, each once, and init waits for both', async () => {
    const out = join(folder, 'order')
    const file = (name: string) => script(`sleep 0.05; echo ${name} >> ${out}`)
    const plan = hooked({ name: 'first', file: file('first') }, { name: 'second', file: file('second') })
    expect(await (await run(plan, { stdio: 'null' })).exited).toEqual({ code: 5 })
    expect(readFileSync(out, 'utf8')).toBe('first\nsecond\n')
  })

  it('ends the set-up where it fails, with its exit status and what it said', async () => {
    const file = script('echo to stdout; echo no such network >&2; exit 3')
    await expect(run(hooked({ name: 'createRuntime[0]', file }), { stdio: 'null' })).rejects.toMatchObject({
      step: 'hooks',
      code: 'RT_HOOK',
      message: 'createRuntime[0] failed: exit status 3: to stdout\nno such network',
    })
  })

  it('tells the signal that ended it', async () => {
    const file = script('kill -SEGV $$')
    await expect(run(hooked({ name: 'hook', file }), { stdio: 'null' })).rejects.toThrow('hook failed: signal 11')
  })

  it('is killed when its time is over', async () => {
    const file = script('echo waiting; exec sleep 60')
    await expect(run(hooked({ name: 'hook', file, timeoutMs: 150 }), { stdio: 'null' })).rejects.toMatchObject({
      code: 'RT_TIMEOUT',
      message: 'hook was killed: it had not ended after 150 ms: waiting',
    })
  })

  it('that is not there, or not executable, is named with the call', async () => {
    await expect(run(hooked({ name: 'hook', file: '/no/such/hook' }), { stdio: 'null' })).rejects.toMatchObject({
      code: 'ENOENT',
      syscall: 'execve',
      hint: 'there is no "/no/such/hook" on the host',
    })
    await expect(run(hooked({ name: 'hook', file: '/etc/passwd' }), { stdio: 'null' })).rejects.toMatchObject({
      code: 'EACCES',
    })
  })

  it('runs in an executable of its own as well', () => {
    const file = join(folder, 'compiled')
    writeFileSync(file, compile(hooked({ name: 'hook', file: script('exit 3') })), { mode: 0o755 })
    const { status, stderr } = spawnSync(file, { encoding: 'utf8', timeout: 10_000 })
    expect({ status, stderr }).toEqual({ status: 125, stderr: 'rt: hooks (test): hook failed\n' })
  })

  it('is refused with a path that is not absolute, and a time that is none', () => {
    expect(() => hostProgram({ name: 'hook', file: 'true' })).toThrow('hook: "true" is no absolute path')
    expect(() => hostProgram({ name: 'hook', file: '/bin/true', timeoutMs: 0 })).toThrow('whole milliseconds above 0')
  })
})
