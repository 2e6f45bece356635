// requires root for new namespaces: init waits where a step meets the host side, and nowhere else
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { call, compile, INIT_MOMENTS, type Meeting, run, sequence } from '../src/index.js'
import { shell, step } from './plans.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rt-meetings-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const append = (name: string, text: string) => [
  call('openat', [-100, join(folder, name), 0o2101, 0o600], { save: `file ${text}` }),
  call('write', [{ ref: `file ${text}` }, `${text}\n`, text.length + 1]),
  call('close', [{ ref: `file ${text}` }]),
]

describe.skipIf(process.getuid?.() !== 0)('meetings (skipped without root: new namespaces)', () => {
  /** Each moment: first the host's part, then init's own instructions. */
  const everywhere = () =>
    shell(
      'exit 7',
      ...INIT_MOMENTS.map((at) =>
        step(at, {
          meets: [{ at, host: append('order', `host ${at}`) }],
          [at]: append('order', `init ${at}`),
        }),
      ),
    )
  const inOrder = INIT_MOMENTS.flatMap((at) => [`host ${at}`, `init ${at}`])

  it('take place before each moment, run by Node', async () => {
    const container = await run(everywhere(), { stdio: 'null' })
    expect(await container.exited).toEqual({ code: 7 })
    expect(readFileSync(join(folder, 'order'), 'utf8').trim().split('\n')).toEqual(inOrder)
  })

  it('take place in an executable of its own too', () => {
    const file = join(folder, 'program')
    writeFileSync(file, compile(everywhere()), { mode: 0o755 })
    expect(spawnSync(file, { timeout: 10_000 }).status).toBe(7)
    expect(readFileSync(join(folder, 'order'), 'utf8').trim().split('\n')).toEqual(inOrder)
  })

  it.each(INIT_MOMENTS)('at %s: a failure of the host’s part is the error, and init does nothing more', async (at) => {
    const bad = step('bad', {
      meets: [{ at, host: [call('chdir', ['/nonexistent'])] }],
      [at]: append('after', 'init'),
    })
    await expect(run(shell('exit 0', bad), { stdio: 'null' })).rejects.toMatchObject({ step: 'bad', code: 'ENOENT' })
    expect(existsSync(join(folder, 'after'))).toBe(false)
  })

  it.each(INIT_MOMENTS)('at %s: a failure of init before it is the error', async (at) => {
    const meets: Meeting[] = [{ at, host: append('after', 'host') }]
    const plan = sequence(
      shell('exit 0', step('bad', { 'init.enter': [call('chdir', ['/nonexistent'])] }), step('meets', { meets })),
    )
    await expect(run(plan, { stdio: 'null' })).rejects.toMatchObject({ step: 'bad', code: 'ENOENT' })
    // At the first moment the meeting comes before anything that init does.
    expect(existsSync(join(folder, 'after'))).toBe(at === 'init.enter')
  })

  it('give Node its turn as often as there are parts for it, in their order', async () => {
    const turns: string[] = []
    const asks = (name: string, at: Meeting['at']) =>
      step(name, { meets: [{ at, node: { why: 'a test', act: ({ pid }) => void turns.push(`${name} ${pid > 0}`) } }] })
    const plan = shell('exit 3', asks('late', 'init.execute'), asks('early', 'init.enter'), asks('too', 'init.execute'))
    expect(await (await run(plan, { stdio: 'null' })).exited).toEqual({ code: 3 })
    expect(turns).toEqual(['early true', 'late true', 'too true'])
  })

  it('end the set-up where Node refuses, at a later one as well', async () => {
    const refuses = step('refuses', {
      meets: [
        { at: 'init.enter', node: { why: 'a test', act: () => undefined } },
        { at: 'init.confine', node: { why: 'a test', act: () => Promise.reject(new Error('not this one')) } },
      ],
      'init.confine': append('after', 'init'),
    })
    await expect(run(shell('exit 0', refuses), { stdio: 'null' })).rejects.toThrow('not this one')
    expect(existsSync(join(folder, 'after'))).toBe(false)
  })
})
