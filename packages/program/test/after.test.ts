// requires root for new namespaces: what the after phase knows of earlier ones, and what it says
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { apply, assemble, branch, call, compile, compute, fail, label, ref, run, warn } from '../src/index.js'
import { shell, step } from './plans.js'

const folder = mkdtempSync(join(tmpdir(), 'rt-after-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const made = join(folder, 'made')

/** Makes a directory, and takes it away only if it made it, which only the call's own result tells. */
const makes = step('directory', {
  'host.prepare': [
    call('mkdirat', [-100, made, 0o700], { save: 'made', tolerate: ['EEXIST'] }),
    compute('computed', 7),
    call('openat', [-100, folder, 0], { save: 'opened' }),
  ],
  'host.gone': [
    branch(ref('made'), 0, { else: 'not ours' }),
    call('unlinkat', [-100, made, 0x200]),
    label('not ours'),
    // The words of the others say where this is: in the process that opened the fd, or in Node for it.
    branch(ref('computed'), 7, { else: 'end' }),
    branch(ref('opened'), -1, { else: 'end' }),
    warn('played by Node'),
    label('end'),
  ],
})

beforeEach((context) => {
  if (process.getuid?.() !== 0) context.skip('needs root: new namespaces')
  rmSync(made, { recursive: true, force: true })
})

describe.each([
  ['that the program made', false],
  ['that was there', true],
])('a directory %s', (_, wasThere) => {
  beforeEach(() => {
    if (wasThere) mkdirSync(made)
  })

  it('is known by the supervisor', async () => {
    const container = await run(shell('exit 0', makes), { stdio: 'null' })
    expect(await container.exited).toEqual({ code: 0 })
    expect(container.warnings).toEqual([])
    expect(existsSync(made)).toBe(wasThere)
  })

  it('is known by Node, which plays the phase for a supervisor that was killed: from the log, but for fds', async () => {
    const container = await run(shell('exec sleep 60', makes), { stdio: 'null' })
    process.kill(container.supervisor, 'SIGKILL')
    await expect(container.exited).rejects.toMatchObject({ code: 'RT_BROKEN_PROCESS' })
    expect(container.warnings).toEqual(['directory: played by Node'])
    expect(existsSync(made)).toBe(wasThere)
  })

  it('is known by apply, whose fds are open', () => {
    const applied = apply(makes)
    expect(existsSync(made)).toBe(true)
    expect(applied.after()).toEqual([])
    expect(existsSync(made)).toBe(wasThere)
    apply({ name: 'close', why: 'a test', 'host.prepare': [call('close', [applied.word('opened')])] })
  })
})

describe('a warning', () => {
  const plan = shell('exit 3', step('leaves', { 'host.gone': [warn('something is left')] }))

  it('is found by Node, and changes no exit', async () => {
    const container = await run(plan, { stdio: 'null' })
    expect(await container.exited).toEqual({ code: 3 })
    expect(container.warnings).toEqual(['leaves: something is left'])
  })

  it('is written by an executable of its own', () => {
    const file = join(folder, 'program')
    writeFileSync(file, compile(plan), { mode: 0o755 })
    expect(spawnSync(file, { encoding: 'utf8' })).toMatchObject({
      status: 3,
      stderr: 'rt: warning: leaves: something is left\n',
    })
  })

  it('is one operation', () => {
    const { sites } = assemble(plan)
    expect(sites.filter(({ instruction }) => instruction.kind === 'warn')).toHaveLength(1)
  })
})

it('a failure has the code that its step gives it', async () => {
  const busy = step('busy', { 'host.prepare': [fail('taken', 'wait', 'RT_BUSY')] })
  await expect(run(shell('exit 0', busy))).rejects.toMatchObject({ code: 'RT_BUSY', message: 'taken', hint: 'wait' })
})
