// requires root, cgroup v1 controllers: what a container has used, by the kernel's own counters
import { type Exit, run } from '@rt/program'
import { beforeEach, describe, expect, it } from 'vitest'
import { detectCgroups, join, type Resources } from '../src/index.js'
import { uniquePath, whyNot } from './machine.js'
import { shell } from './plans.js'

const here = detectCgroups()
const MIB = 2 ** 20

async function exitOf(script: string, resources: Resources): Promise<Exit> {
  const plan = shell(script, [join(uniquePath('usage'), resources, { host: here })])
  return (await run(plan, { stdio: 'null' })).exited
}

describe('usage', () => {
  beforeEach((context) => {
    const reason = whyNot(here, 1, 'pids', 'memory', 'cpu')
    if (reason) context.skip(reason)
  })

  it('is read before the group goes: memory, processor time, and no kill', async () => {
    const { usage, oomKilled } = await exitOf(
      'x=$(head -c 20000000 /dev/zero | tr "\\0" x); i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done',
      {
        memory: { max: '256M' },
      },
    )
    expect(oomKilled).toBe(false)
    expect(usage.oomKills).toBe(0)
    expect(usage.memoryPeak).toBeGreaterThan(20 * MIB)
    expect(usage.memoryPeak).toBeLessThanOrEqual(256 * MIB)
    expect(usage.maxRss).toBeGreaterThan(20 * MIB)
    expect(usage.userMicroseconds).toBeGreaterThan(1_000)
    expect(usage.systemMicroseconds).toBeGreaterThan(0)
  })

  it('says that init was killed for want of memory, which the signal does not', async () => {
    const exit = await exitOf(
      'exec head -c 200000000 /dev/zero | tail -c 100000000 > /dev/null; exec dd if=/dev/zero of=/dev/null bs=100M count=1',
      {
        memory: { max: '16M' },
      },
    )
    expect(exit.oomKilled).toBe(true)
    expect(exit.usage.oomKills).toBeGreaterThan(0)
  })

  it('counts a kill of one process among others, whatever the exit says', async () => {
    const exit = await exitOf('dd if=/dev/zero of=/dev/null bs=100M count=1; exit 4', { memory: { max: '16M' } })
    expect(exit).toEqual({ code: 4 })
    expect(exit.oomKilled).toBe(true)
  })

  it('tells how long the container waited for its share of the processors', async () => {
    const { usage } = await exitOf('i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done', {
      cpu: { quota: 10_000, period: 100_000 },
    })
    expect(usage.throttledPeriods).toBeGreaterThan(0)
    expect(usage.throttledMicroseconds).toBeGreaterThan(10_000)
  })

  it('without a group has what wait tells, and no more', async () => {
    const { usage, oomKilled } = await (await run(shell('exit 0', []), { stdio: 'null' })).exited
    expect(Object.keys(usage)).toEqual(['userMicroseconds', 'systemMicroseconds', 'maxRss'])
    expect(usage.maxRss).toBeGreaterThan(0)
    expect(oomKilled).toBe(false)
  })
})
