// requires root: the default container is started and made to fail at every operation
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { assemble, type Fault, run } from '@rt/program'
import { afterAll, describe, expect, it } from 'vitest'
import { Complaints } from '../src/arguments/complaints.js'
import { parseArguments } from '../src/arguments/parse.js'
import { RUN_OPTIONS } from '../src/options/run.js'
import { type PreparedContainer, prepare } from '../src/plan/prepare.js'

/** Of this run alone: one beside it would have its own groups taken for leftovers. */
const GROUP = `rt-fault-sweep-${process.pid}`

/** `rt run -m 64m --pids-limit 32 --tmpfs /run -- COMMAND`, as a plan. */
function prepared(...command: string[]): Promise<PreparedContainer> {
  const complaints = new Complaints()
  const words = ['-m', '64m', '--pids-limit', '32', '--tmpfs', '/run', '--cgroup-parent', `/${GROUP}`, '--', ...command]
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
  const container = await prepared('/bin/true')
  afterAll(() => container.close())
  const { plan } = container
  const { sites } = assemble(plan)
  const before = { mounts: mounts(), children: children(), fds: readdirSync('/proc/self/fd').length }

  const nothingLeft = (what: string, but: { cgroups?: boolean } = {}) => {
    expect(mounts(), what).toBe(before.mounts)
    expect(children(), what).toBe(before.children)
    if (!but.cgroups) expect(groups(), what).toEqual([])
  }

  /** While the program runs: it may end by itself before the failure does it, so this one has a test of its own. */
  const lastWait = sites.findLastIndex(
    ({ step, instruction, helper }) =>
      step < 0 && helper === undefined && instruction.kind === 'call' && instruction.call === 'ppoll',
  )

  /** How it ended, and what the operation that was to fail returned: nothing where the start did not come by it. */
  const outcome = async (fault?: Fault): Promise<{ ended: unknown; result?: number | undefined }> => {
    try {
      const container = await run(plan, { stdio: 'null', fault })
      return { ended: await container.exited, result: fault && container.record()[fault.op] }
    } catch (error) {
      return { ended: error }
    }
  }

  it('is long, and works when nothing is made to fail', async () => {
    expect(sites.length).toBeGreaterThan(300)
    expect((await outcome()).ended).toEqual({ code: 0 })
    nothingLeft('without a fault')
  })

  it('names the step and the call when any call fails, and leaves nothing', async () => {
    let named = 0
    const lost: string[] = []
    for (const [op, site] of sites.entries()) {
      const { instruction } = site
      if (instruction.kind !== 'call' || site.helper !== undefined || instruction.call === 'exit_group') continue
      if (op === lastWait) continue
      const what = `operation ${op} (${plan.steps[site.step]?.name ?? 'set-up'}: ${instruction.call}) with EIO`

      const { ended, result } = await outcome({ op, errno: 'EIO' })
      if (site.fatal && (op === 0 || ended instanceof Error || result !== undefined)) {
        // It was reached (the first one always is, and maps the log), or something else went wrong: this has to be told.
        expect(ended, what).toMatchObject({ code: 'EIO', syscall: instruction.call })
        named++
      } else if (ended instanceof Error) {
        // The frame's own, which nothing can stand in for: the gate, and how init ended.
        expect(ended, what).toMatchObject({ code: 'RT_BROKEN_PROCESS' })
        lost.push(`${site.process} ${instruction.call}`)
      } else expect(ended, what).toEqual({ code: 0 })
      // What the removal itself can't remove is there: it is tried again, with the next container.
      const removes = plan.steps[site.step]?.['host.gone']?.includes(instruction) ?? false
      nothingLeft(what, { cgroups: removes })
      if (removes) {
        expect((await outcome()).ended, what).toEqual({ code: 0 })
      }
    }
    nothingLeft('after all errors')
    // Most of the plan is on the way of this start; what isn't lies aside, for roots that are unlike this one.
    expect(named).toBeGreaterThan(150)
    expect(lost).toEqual(['supervisor write', 'supervisor waitid', 'supervisor write'])
  }, 300_000)

  it('names the supervisor’s wait for a program that runs, which is killed', async () => {
    const endless = await prepared('/bin/sleep', '60')
    try {
      const fault = { op: lastWait, errno: 'ENOMEM' } as const
      expect(assemble(endless.plan).sites[lastWait]).toMatchObject({
        step: -1,
        instruction: { call: 'ppoll' },
      })
      const start = async () => (await run(endless.plan, { stdio: 'null', fault })).exited
      // Whether Node hears of the start before the failure or with it: it is told.
      await expect(start()).rejects.toMatchObject({ code: 'ENOMEM', syscall: 'ppoll' })
      nothingLeft('after the wait')
    } finally {
      endless.close()
    }
  })

  it('leaves nothing when a process is killed by SIGKILL at any operation', async () => {
    for (const [op, site] of sites.entries()) {
      await outcome({ op, dies: true })
      nothingLeft(`operation ${op} (${plan.steps[site.step]?.name ?? 'set-up'}) with SIGKILL`)
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before.fds)
  }, 300_000)
})
