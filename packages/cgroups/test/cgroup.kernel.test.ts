// requires root, cgroup v1 controllers: groups are made, filled, limited and removed
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatError } from '@rt/sys'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { cgroup, detectCgroups, join } from '../src/index.js'
import { ended, groupsNamed, temporaryGroup, uniquePath, v1Only, waitingShell, whyNot } from './machine.js'

const MIB = 2 ** 20
const here = detectCgroups()

afterAll(() => expect(groupsNamed(`rt-test-${process.pid}`, here)).toEqual([]))

const kinds = [
  ['all hierarchies', here],
  ['v1 hierarchies alone', v1Only()],
] as const

describe.each(kinds)('a group in %s', (_, host) => {
  beforeEach((context) => {
    const reason = whyNot(host, 1, 'pids', 'memory', 'cpu', 'cpuacct', 'cpuset', 'freezer')
    if (reason) context.skip(reason)
  })

  const read = (directories: readonly string[], controller: string, file: string) => {
    const hierarchy = host.hierarchies.findIndex(({ controllers }) => controllers.includes(controller))
    return readFileSync(`${directories[hierarchy]}/${file}`, 'utf8').trim()
  }

  it('can’t be named like a file of the group that it would be in', async () => {
    const group = cgroup(uniquePath('files'), host)
    await group.create()
    const names = new Set(group.directories.flatMap((directory) => readdirSync(directory)))
    await group.remove()
    expect(names.size).toBeGreaterThan(20)
    const accepted = [...names].filter((name) => {
      try {
        join(`/rt/${name}`, {}, { host })
        return true
      } catch (error) {
        expect(formatError(error)).toContain('the name of one of cgroup')
        return false
      }
    })
    expect(accepted).toEqual([])
  })

  it('is made in each, made again without harm, and removed with its parent', async () => {
    const group = cgroup(uniquePath('made'), host)
    await group.create()
    await group.create()
    expect(group.directories.length).toBe(host.hierarchies.length)
    expect(group.directories.filter(existsSync)).toEqual(group.directories)
    await group.remove()
    await group.remove()
    expect(groupsNamed(`rt-test-${process.pid}`, host)).toEqual([])
  })

  it('is emptied and removed where a `using` scope ends', async () => {
    const child = waitingShell('exec sleep 60')
    const exit = ended(child)
    let directories: string[] = []
    {
      await using group = cgroup(uniquePath('using'), host)
      await group.create()
      await group.add(child.pid as number)
      directories = group.directories
      expect(directories.every(existsSync)).toBe(true)
    }
    expect(directories.filter(existsSync)).toEqual([])
    await exit
    expect(child.signalCode).toBe('SIGKILL')
  })

  it('leaves nothing when a limit is refused, and says file, value and remedy', async () => {
    const group = cgroup(uniquePath('refused'), host)
    const error: unknown = await group.create({ pids: { max: 5 }, cpuset: { cpus: '900' } }).catch((error) => error)
    const message = formatError(error)
    expect(message).toContain('cannot set cpuset.cpus: "900" to cpuset.cpus of the cgroup')
    expect(message).toMatch(/write\(\d+<.*\/refused-\d+\/cpuset.cpus>, "900", 3\) = -1 E/)
    expect(message).toContain('hint: ')
    expect(groupsNamed(`rt-test-${process.pid}`, host)).toEqual([])
  })

  it('does not remove a group that was there when a limit is refused', async () => {
    const group = temporaryGroup('stays', host)
    await group.create()
    await expect(group.create({ cpuset: { cpus: '900' } })).rejects.toMatchObject({ syscall: 'write' })
    expect(group.directories.every(existsSync)).toBe(true)
  })

  it('limits processes', async () => {
    const group = temporaryGroup('pids', host)
    await group.create({ pids: { max: 3 } })
    const shell = waitingShell('sleep 0.2 & sleep 0.2 & sleep 0.2 & echo all')
    await group.add(shell.pid)
    shell.go()
    const { stdout } = await ended(shell)
    expect(stdout).toBe('')
    expect(group.stats().pids).toMatchObject({ max: 3, failures: expect.any(Number) })
    expect(group.stats().pids?.failures).toBeGreaterThan(0)
  })

  it('tells of an OOM kill', async () => {
    const group = temporaryGroup('oom', host)
    await group.create({ memory: { max: '24M', swap: '24M' } })
    const shell = waitingShell('exec dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null')
    await group.add(shell.pid)
    const stop = new AbortController()
    const event = group.events({ signal: stop.signal }).next()
    shell.go()
    expect(await ended(shell)).toMatchObject({ signal: 'SIGKILL' })
    expect(await event).toEqual({ done: false, value: { kind: 'oom_kill', total: 1 } })
    const memory = group.stats().memory
    expect(memory).toMatchObject({ max: 24 * MIB, oomKills: 1 })
    expect(memory?.peak).toBeGreaterThan(20 * MIB)
  })

  it('ends the events when it is removed, and stops them on a signal', async () => {
    const group = cgroup(uniquePath('events'), host)
    await group.create()
    const end = group.events().next()
    await sleep(50)
    await group.remove()
    expect(await end).toEqual({ done: true, value: undefined })

    await group.create()
    const stop = new AbortController()
    const aborted = group.events({ signal: stop.signal }).next()
    stop.abort()
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    await group.remove()
  })

  it('freezes, thaws, and is killed while frozen', async () => {
    const group = temporaryGroup('freeze', host)
    await group.create()
    const shell = waitingShell('while :; do :; done')
    await group.add(shell.pid)
    shell.go()
    const usage = () => group.stats().cpu?.usage ?? 0
    await expect.poll(usage).toBeGreaterThan(10_000)
    await group.freeze()
    const frozen = usage()
    await sleep(60)
    expect(usage()).toBe(frozen)
    await group.thaw()
    await expect.poll(usage).toBeGreaterThan(frozen + 10_000)
    await group.freeze()
    const end = ended(shell)
    await group.kill()
    expect(await end).toMatchObject({ signal: 'SIGKILL' })
    expect(group.processes()).toEqual([])
  })

  it('kills what forks, in groups below it too', async () => {
    const group = temporaryGroup('kill', host)
    const child = cgroup(`${group.path}/below`, host)
    await group.create()
    await child.create()
    const shells = [waitingShell('while :; do sleep 10 & sleep 0.01; done'), waitingShell('sleep 100 & wait')]
    await group.add(shells[0]?.pid as number)
    await child.add(shells[1]?.pid as number)
    for (const shell of shells) shell.go()
    await expect.poll(() => group.processes().length).toBeGreaterThan(5)
    expect(group.isPopulated()).toBe(true)
    await group.kill()
    expect(group.processes()).toEqual([])
    expect(group.isPopulated()).toBe(false)
  })

  it('waits until it is empty, and can be told to stop waiting', async () => {
    const group = temporaryGroup('wait', host)
    await group.create()
    const shell = waitingShell('sleep 0.1')
    await group.add(shell.pid)
    const stop = new AbortController()
    const aborted = group.waitEmpty({ signal: stop.signal })
    setTimeout(() => stop.abort(), 30)
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    expect(group.isPopulated()).toBe(true)
    shell.go()
    await group.waitEmpty()
    expect(group.isPopulated()).toBe(false)
  })

  it('confines to CPUs, and inherits what is not set', async () => {
    const group = temporaryGroup('cpuset', host)
    await group.create({ cpuset: { cpus: '0' } })
    expect(read(group.directories, 'cpuset', 'cpuset.mems')).toBe('0')
    const shell = waitingShell('grep Cpus_allowed_list /proc/self/status')
    await group.add(shell.pid)
    shell.go()
    expect((await ended(shell)).stdout).toBe('Cpus_allowed_list:\t0\n')
  })

  it('takes limits up and down in an order that the kernel accepts', async () => {
    const group = temporaryGroup('set', host)
    await group.create({
      memory: { max: '64M', swap: '64M', reservation: '32M' },
      cpu: { shares: 512, quota: 50_000, period: 100_000, burst: 10_000 },
    })
    const file = (controller: string, name: string) => read(group.directories, controller, name)
    expect(file('memory', 'memory.limit_in_bytes')).toBe(String(64 * MIB))
    expect(file('memory', 'memory.soft_limit_in_bytes')).toBe(String(32 * MIB))
    expect(file('cpu', 'cpu.shares')).toBe('512')

    await group.set({ memory: { max: '256M', swap: '512M' }, cpu: { quota: 20_000, period: 40_000, burst: 20_000 } })
    expect(file('memory', 'memory.limit_in_bytes')).toBe(String(256 * MIB))
    expect(file('memory', 'memory.memsw.limit_in_bytes')).toBe(String(512 * MIB))
    expect(file('cpu', 'cpu.cfs_burst_us')).toBe('20000')

    await group.set({ memory: { max: '16M', swap: '16M' }, cpu: { quota: 5_000, period: 10_000, burst: 0 } })
    expect(file('memory', 'memory.memsw.limit_in_bytes')).toBe(String(16 * MIB))
    expect(file('cpu', 'cpu.cfs_period_us')).toBe('10000')
    expect(file('memory', 'memory.soft_limit_in_bytes')).toBe(String(32 * MIB))

    await expect(group.set({ memory: { max: '32M' } })).rejects.toMatchObject({
      code: 'EINVAL',
      hint: expect.stringContaining('set memory.swap with it'),
    })
    await group.set({ memory: { max: 'max', swap: 'max' }, cpu: { quota: 'max' } })
    expect(file('cpu', 'cpu.cfs_quota_us')).toBe('-1')
    expect(group.stats().memory).toMatchObject({ max: 'max', swap: { max: 'max' } })
  })

  it('refuses a memory limit below what is used', async () => {
    const group = temporaryGroup('charged', host)
    await group.create({ memory: { max: '64M', swap: '64M' } })
    const shell = waitingShell('exec dd if=/dev/zero of=/dev/null bs=32M count=1000000 2>/dev/null')
    await group.add(shell.pid)
    shell.go()
    await expect.poll(() => group.stats().memory?.current).toBeGreaterThan(32 * MIB)
    await expect(group.set({ memory: { max: '8M', swap: '64M' } })).rejects.toMatchObject({
      code: 'EBUSY',
      hint: expect.stringContaining('already uses more'),
    })
  })

  it('is made 64 times at once below parents that come and go', async () => {
    const few = { ...host, hierarchies: host.hierarchies.filter(({ controllers }) => controllers.includes('pids')) }
    const parent = uniquePath('shared')
    await Promise.all(
      Array.from({ length: 64 }, async (_, i) => {
        const group = cgroup(`${parent}/below/${i}`, few)
        for (let round = 0; round < 5; round++) {
          await group.create({ pids: { max: 10 } })
          await group.remove()
        }
      }),
    )
    expect(groupsNamed(`rt-test-${process.pid}`, host)).toEqual([])
  })
})

it('kills a process that is in a v1 hierarchy alone', async (context) => {
  const reason = whyNot(here, 1, 'pids')
  if (reason) context.skip(reason)
  const group = temporaryGroup('alone', here)
  await group.create()
  const shell = waitingShell('true')
  await cgroup(group.path, {
    ...here,
    hierarchies: here.hierarchies.filter(({ controllers }) => controllers.includes('pids')),
  }).add(shell.pid)
  const end = ended(shell)
  await group.kill()
  expect(await end).toMatchObject({ signal: 'SIGKILL' })
})

it('that is gone has no statistics', async (context) => {
  const reason = whyNot(here, 1, 'pids')
  if (reason) context.skip(reason)
  const group = cgroup(uniquePath('gone'), here)
  const gone = expect.objectContaining({ code: 'RT_NOT_FOUND', message: `there is no cgroup "${group.path}"` })
  expect(() => group.stats()).toThrow(gone)
  await group.create({ pids: { max: 5 } })
  expect(group.stats().pids).toEqual({ current: 0, max: 5, failures: 0 })
  await group.remove()
  expect(() => group.stats()).toThrow(gone)
})

it('names the processes that keep it from being removed', async (context) => {
  const reason = whyNot(here, 1, 'pids')
  if (reason) context.skip(reason)
  const group = temporaryGroup('busy', here)
  await group.create()
  const shell = waitingShell('true')
  await group.add(shell.pid)
  await expect(group.remove()).rejects.toMatchObject({
    code: 'RT_BUSY',
    hint: `processes ${shell.pid} are in it: kill() them, or waitEmpty()`,
  })
})

describe('devices of v1', () => {
  it('may be opened as the rules say', async (context) => {
    const host = v1Only()
    const reason = whyNot(host, 1, 'devices')
    if (reason) context.skip(reason)
    const group = temporaryGroup('devices', host)
    await group.create({
      devices: [
        { allow: false, type: 'a', access: 'rwm' },
        { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' },
        { allow: true, type: 'c', major: 1, minor: 5, access: 'r' },
      ],
    })
    const shell = waitingShell(
      'exec 2>/dev/null; for d in "</dev/null" ">/dev/null" "</dev/zero" ">/dev/zero" "</dev/full"; do ' +
        'sh -c "true $d" && echo "yes $d" || echo "no $d"; done',
    )
    await group.add(shell.pid)
    shell.go()
    expect((await ended(shell)).stdout).toBe(
      'yes </dev/null\nyes >/dev/null\nyes </dev/zero\nno >/dev/zero\nno </dev/full\n',
    )
  })
})
