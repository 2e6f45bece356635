// requires root: containers are made, and made to fail
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { assemble, call, hostProgram, PID_HERE, type Plan, type RunOptions, ref, run } from '../src/index.js'
import { shell, step } from './plans.js'

const folder = mkdtempSync(join(tmpdir(), 'rt-faults-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const made = join(folder, 'made')

/** Something of every phase, and something to take away again. */
const plan: Plan = shell(
  'exit 0',
  step('directory', {
    'host.prepare': [call('mkdirat', [-100, made, 0o700])],
    'host.open': [call('open_tree', [-100, '/tmp', 0x80001], { save: 'tree', of: '/tmp' })],
    meets: [
      { at: 'init.enter', host: [call('getpid', [])] },
      { at: 'init.pivot', host: hostProgram({ name: 'hook', file: '/bin/true', stdin: PID_HERE, timeoutMs: 5_000 }) },
    ],
    'init.enter': [call('getpid', [])],
    'init.mount': [call('close', [ref('tree')])],
    'host.gone': [call('unlinkat', [-100, made, 0x200])],
  }),
)

/** But those of other tests, which mount in their own temporary folders: the plan does nothing there. */
const mounts = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => !line.split(' ')[4]?.startsWith('/tmp/'))
    .join('\n')
const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')

async function outcome(options: RunOptions): Promise<unknown> {
  try {
    return await (await run(plan, { stdio: 'null', ...options })).exited
  } catch (error) {
    return error
  }
}

describe.skipIf(process.getuid?.() !== 0)('every operation (skipped without root: new namespaces)', () => {
  const { sites } = assemble(plan)
  const before = { mounts: mounts(), fds: readdirSync('/proc/self/fd').length, children: children() }
  const nothingLeft = () => {
    expect(existsSync(made)).toBe(false)
    expect(mounts()).toBe(before.mounts)
    expect(children()).toBe(before.children)
  }

  it('failed with EIO leaves nothing behind, and names itself if it matters', async () => {
    for (const [op, site] of sites.entries()) {
      const { instruction } = site
      if (instruction.kind !== 'call' || site.helper !== undefined || instruction.call === 'exit_group') continue
      const result = await outcome({ fault: { op, errno: 'EIO' } })
      const isEnd = result instanceof Error
      if (site.fatal) expect(result, `operation ${op}`).toMatchObject({ code: 'EIO', syscall: instruction.call })
      else if (!isEnd) expect(result).toEqual({ code: 0 })
      // The one that takes away can't.
      if (instruction.call === 'unlinkat') rmSync(made, { recursive: true })
      nothingLeft()
    }
  }, 60_000)

  it('killed with SIGKILL leaves nothing behind', async () => {
    for (const op of sites.keys()) {
      const result = await outcome({ fault: { op, dies: true } })
      expect(result instanceof Error || 'code' in (result as object) || 'signal' in (result as object)).toBe(true)
      nothingLeft()
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before.fds)
  }, 120_000)

  it('refuses a fault at no operation, at no call, and with no errno', async () => {
    expect(await outcome({ fault: { op: 9999, errno: 'EIO' } })).toMatchObject({ code: 'RT_INVALID_OPTION' })
    const branch = sites.findIndex((site) => site.instruction.kind === 'branch')
    expect(await outcome({ fault: { op: branch, errno: 'EIO' } })).toMatchObject({
      message: expect.stringContaining('no system call'),
    })
    expect(await outcome({ fault: { op: 1, errno: 'ENONE' } })).toMatchObject({ message: 'no errno is named "ENONE"' })
  })
})
