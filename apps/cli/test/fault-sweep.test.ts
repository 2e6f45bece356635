// requires root: the default container is started and made to fail at every operation
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { assemble, run } from '@rt/program'
import { afterAll, describe, expect, it } from 'vitest'
import { Complaints } from '../src/arguments/complaints.js'
import { parseArguments } from '../src/arguments/parse.js'
import { RUN_OPTIONS } from '../src/options/run.js'
import { type PreparedContainer, prepare } from '../src/plan/prepare.js'

const GROUP = 'rt-fault-sweep'

/** `rt run -m 64m --pids-limit 32 --tmpfs /run -- true`, as a plan. */
function prepared(): Promise<PreparedContainer> {
  const complaints = new Complaints()
  const words = [
    '-m',
    '64m',
    '--pids-limit',
    '32',
    '--tmpfs',
    '/run',
    '--cgroup-parent',
    `/${GROUP}`,
    '--',
    '/bin/true',
  ]
  const parsed = parseArguments(words, RUN_OPTIONS, complaints)
  const mode = { interactive: false, tty: false }
  return prepare({ values: parsed.values, words: parsed.rest, mode, complaints, defaultName: 'fault-sweep' })
}

/** But those of other tests, which mount in their own temporary folders: the plan does nothing there. */
const mounts = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => !line.split(' ')[4]?.startsWith('/tmp/'))
    .join('\n')
const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
const groups = () => readdirSync('/sys/fs/cgroup').filter((name) => existsSync(`/sys/fs/cgroup/${name}/${GROUP}`))

describe.skipIf(process.getuid?.() !== 0)('the plan of rt run (skipped without root: new namespaces)', async () => {
  const container = await prepared()
  afterAll(() => container.close())
  const { plan } = container
  const { sites } = assemble(plan, { mode: 'node' })
  const before = { mounts: mounts(), children: children(), fds: readdirSync('/proc/self/fd').length }

  const nothingLeft = (what: string, but: { cgroups?: boolean } = {}) => {
    expect(mounts(), what).toBe(before.mounts)
    expect(children(), what).toBe(before.children)
    if (!but.cgroups) expect(groups(), what).toEqual([])
  }

  const outcome = async (fault: NonNullable<Parameters<typeof run>[1]>['fault']): Promise<unknown> => {
    try {
      return await (await run(plan, { stdio: 'null', fault })).exited
    } catch (error) {
      return error
    }
  }

  it('is long, and works when nothing is made to fail', async () => {
    expect(sites.length).toBeGreaterThan(300)
    expect(await outcome(undefined)).toEqual({ code: 0 })
    nothingLeft('without a fault')
  })

  it('names the step and the call when any call fails, and leaves nothing', async () => {
    for (const [op, site] of sites.entries()) {
      const { instruction } = site
      if (instruction.kind !== 'call' || site.helper !== undefined || instruction.call === 'exit_group') continue
      const what = `operation ${op} (${plan.steps[site.step]?.name ?? 'set-up'}: ${instruction.call}) with EIO`
      const result = await outcome({ op, errno: 'EIO' })
      if (site.fatal && result instanceof Error)
        expect(result, what).toMatchObject({ code: 'EIO', syscall: instruction.call })
      else if (!(result instanceof Error)) expect(Object.keys(result as object), what).toHaveLength(1)
      // What the removal itself can't remove is there: it is tried again, with the next container.
      const removes = plan.steps[site.step]?.after?.includes(instruction) ?? false
      nothingLeft(what, { cgroups: removes })
      if (removes) {
        expect(await outcome(undefined), what).toEqual({ code: 0 })
      }
    }
    nothingLeft('after all errors')
  }, 120_000)

  it('leaves nothing when a process is killed by SIGKILL at any operation', async () => {
    for (const [op, site] of sites.entries()) {
      await outcome({ op, signal: 9 })
      nothingLeft(`operation ${op} (${plan.steps[site.step]?.name ?? 'set-up'}) with SIGKILL`)
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before.fds)
  }, 240_000)
})
