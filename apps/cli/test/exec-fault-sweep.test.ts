// requires root: a command is run in a container, and its set-up made to fail at every operation
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { assemble, type Fault, run } from '@rt/program'
import { afterAll, describe, expect, it } from 'vitest'
import { Complaints } from '../src/arguments/complaints.js'
import { parseArguments } from '../src/arguments/parse.js'
import { EXEC_OPTIONS } from '../src/options/exec.js'
import { RUN_OPTIONS } from '../src/options/run.js'
import { prepareExec } from '../src/plan/exec-plan.js'
import { prepare } from '../src/plan/prepare.js'

const mode = { interactive: false, tty: false }

/** But those of other tests, which mount in their own temporary folders: the plan does nothing there. */
const mounts = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => !line.split(' ')[4]?.startsWith('/tmp/'))
    .join('\n')
const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')

describe.skipIf(process.getuid?.() !== 0)('the plan of rt exec (skipped without root: new namespaces)', async () => {
  const complaints = new Complaints()
  const words = ['-m', '64m', '--cgroup-parent', `/rt-exec-sweep-${process.pid}`, '--', '/bin/sleep', '600']
  const { values, rest } = parseArguments(words, RUN_OPTIONS, complaints)
  const container = await prepare({ values, words: rest, mode, complaints, defaultName: 'exec-sweep' })
  const target = await run(container.plan, { stdio: 'null' })
  const parsed = parseArguments(['/bin/true'], EXEC_OPTIONS, complaints)
  const entered = await prepareExec(parsed.values, target.pid, parsed.rest, mode, complaints)
  afterAll(async () => {
    entered.close()
    target.kill()
    await target.exited
    container.close()
  })
  const { plan } = entered
  const { sites } = assemble(plan)
  const namespace = readlinkSync(`/proc/${target.pid}/ns/pid`)
  /** One that is dead waits for whoever has inherited it; one that may not be looked at is none of ours. */
  const isInside = (pid: string): boolean => {
    try {
      return (
        readlinkSync(`/proc/${pid}/ns/pid`) === namespace && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
      )
    } catch (error) {
      if (!['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
      return false
    }
  }
  const inside = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isInside(name))
  const before = { mounts: mounts(), children: children(), fds: readdirSync('/proc/self/fd').length }
  const nothingLeft = async (what: string) => {
    // Where the supervisor died, init sees so when it comes to its gate.
    await expect.poll(inside, { message: what, interval: 2 }).toEqual([String(target.pid)])
    expect(mounts(), what).toBe(before.mounts)
    expect(children(), what).toBe(before.children)
  }
  const outcome = async (fault?: Fault): Promise<unknown> => {
    try {
      return await (await run(plan, { stdio: 'null', fault })).exited
    } catch (error) {
      return error
    }
  }

  it('has three processes of its own, and works when nothing is made to fail', async () => {
    expect(new Set(sites.map(({ process }) => process))).toEqual(new Set(['supervisor', 'middle', 'init']))
    expect(await outcome()).toEqual({ code: 0 })
    await nothingLeft('without a fault')
  })

  it('names the step and the call when any call fails, and leaves nobody inside', async () => {
    let named = 0
    for (const [op, { step, instruction, helper, fatal, process }] of sites.entries()) {
      if (instruction.kind !== 'call' || helper !== undefined || instruction.call === 'exit_group') continue
      const what = `operation ${op} (${process}, ${plan.steps[step]?.name ?? 'set-up'}: ${instruction.call}) with EIO`
      const ended = await outcome({ op, errno: 'EIO' })
      if (fatal && ended instanceof Error) {
        expect(ended, what).toMatchObject({ code: 'EIO', syscall: instruction.call })
        named++
      }
      await nothingLeft(what)
    }
    expect(named).toBeGreaterThan(60)
  }, 120_000)

  it('leaves nobody inside when a process dies at any operation', async () => {
    for (const [op, { step, process }] of sites.entries()) {
      await outcome({ op, dies: true })
      await nothingLeft(`operation ${op} (${process}, ${plan.steps[step]?.name ?? 'set-up'})`)
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before.fds)
  }, 120_000)
})
