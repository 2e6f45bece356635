// requires root, cgroup v1 controllers: containers are started in groups, and made to fail there
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { assemble, call, compile, run, sequence, vector } from '@rt/program'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { attacker, needs } from '../../../tooling/fixtures/index.js'
import { type CgroupHost, cgroup, detectCgroups, join, joinGroupsOf } from '../src/index.js'
import { groupsNamed, temporaryGroup, uniquePath, v1Only, whyNot } from './machine.js'
import { shell } from './plans.js'

const here = detectCgroups()
const name = `rt-test-${process.pid}`
/** Few hierarchies: what is tried hundreds of times is tried on these. */
const few: CgroupHost = {
  ...v1Only(),
  hierarchies: v1Only().hierarchies.filter(({ controllers }) =>
    controllers.some((each) => ['pids', 'cpuset', 'freezer'].includes(each)),
  ),
}

afterAll(() => expect(groupsNamed(name, here)).toEqual([]))

/** Run a plan and give what it printed. */
async function output(plan: ReturnType<typeof shell>): Promise<string> {
  const container = await run(plan, { stdio: ['null', 'pipe', 'inherit'] })
  let text = ''
  container.stdout?.on('data', (bytes: Buffer) => {
    text += bytes
  })
  const drained = new Promise((resolve) => container.stdout?.on('close', resolve))
  await container.exited
  await drained
  return text
}

describe.each([
  ['all hierarchies', here],
  ['v1 hierarchies alone', v1Only()],
] as const)('a container joins %s', (_, host) => {
  beforeEach((context) => {
    const reason = whyNot(host, 1, 'pids', 'memory', 'cpu', 'cpuset', 'freezer')
    if (reason) context.skip(reason)
  })

  it('before its cgroup namespace, under its limits, and leaves nothing', async () => {
    const path = uniquePath('join')
    const step = join(path, { pids: { max: 4 }, cpuset: { cpus: '0' }, memory: { max: '64M' } }, { host })
    const container = await run(shell('read line', [step]), { stdio: ['pipe', 'inherit', 'inherit'] })
    const group = cgroup(path, host)
    expect(group.processes()).toEqual([container.pid])
    expect(group.stats()).toMatchObject({ pids: { current: 1, max: 4 }, memory: { max: 64 * 2 ** 20 } })
    container.stdin?.end('go\n')
    expect(await container.exited).toEqual({ code: 0 })
    expect(groupsNamed(name, here)).toEqual([])

    const seen = await output(shell('cat /proc/self/cgroup; nproc', [step]))
    // The namespaces's root is the group: nothing of the host's paths shows.
    expect(seen.match(/^\d+:[^:]*:\/$/gm)?.length).toBeGreaterThanOrEqual(host.hierarchies.length)
    expect(seen.trim().split('\n').at(-1)).toBe('1')
  })

  it('kills what is left without a pid namespace', async () => {
    const plan = shell(
      'exec 2>/dev/null; sleep 1000 >&2 & sleep 1000 >&2 & echo $!',
      [join(uniquePath('left'), {}, { host })],
      0,
    )
    const last = Number(await output(plan))
    expect(last).toBeGreaterThan(0)
    expect(groupsNamed(name, here)).toEqual([])
    // Dead, though perhaps not yet reaped by the host's init.
    await expect.poll(() => existsSync(`/proc/${last}/exe`)).toBe(false)
  })

  it('removes the groups that the container made below its own, in every hierarchy', async () => {
    const path = uniquePath('below')
    const made = cgroup(path, host).directories.flatMap((directory) => [`${directory}/a/b/c`, `${directory}/z`])
    // In namespaces that let it: as systemd in a privileged container.
    const container = await run(shell(`mkdir -p ${made.join(' ')}; exec sleep 0`, [join(path, {}, { host })]), {
      stdio: 'inherit',
    })
    expect(await container.exited).toEqual({ code: 0 })
    expect(container.warnings).toEqual([])
    expect(groupsNamed(name, here)).toEqual([])
  })

  it('gives up soon on groups that stay busy, and then on all of them', async () => {
    const path = uniquePath('busy')
    const group = cgroup(path, host)
    // Somebody else's process in a group below: it is not the container's to kill where there is no cgroup.kill.
    const other = spawn('sleep', ['60'])
    try {
      const step = join(path, {}, { host })
      const container = await run(shell('read line', [step]), { stdio: ['pipe', 'inherit', 'inherit'] })
      for (const directory of group.directories.slice(0, 3)) {
        mkdirSync(`${directory}/below`)
        if (directory.includes('cpuset')) {
          for (const file of ['cpus', 'mems']) writeFileSync(`${directory}/below/cpuset.${file}`, '0')
        }
        writeFileSync(`${directory}/below/cgroup.procs`, String(other.pid))
      }
      const before = performance.now()
      container.stdin?.end('go\n')
      expect(await container.exited).toEqual({ code: 0 })
      const waited = performance.now() - before
      // Ever longer pauses, 1.6 s in all, for all hierarchies together.
      expect(waited).toBeGreaterThan(1500)
      expect(waited).toBeLessThan(5000)
      expect(container.warnings).toEqual([expect.stringContaining('not all of it could be removed')])
    } finally {
      const dead = once(other, 'exit')
      other.kill('SIGKILL')
      await dead
      await group.remove()
    }
  })

  it('asked to, a group that was there, which stays, with its processes', async () => {
    const group = temporaryGroup('there', host)
    await group.create()
    const step = join(group.path, { pids: { max: 9 } }, { host, existing: 'join' })
    const plan = shell('sleep 1000 >/dev/null 2>&1 & echo $!', [step], 0)
    const last = Number(await output(plan))
    expect(group.directories.every(existsSync)).toBe(true)
    expect(group.processes()).toEqual([last])
  })

  it('that keeps its group leaves it', async () => {
    const group = temporaryGroup('kept', host)
    await (await run(shell('exit 0', [join(group.path, {}, { host, keep: true })]))).exited
    expect(group.directories.every(existsSync)).toBe(true)
  })

  it('of another process, as exec does', async () => {
    const step = join(uniquePath('exec'), {}, { host })
    const container = await run(shell('read line', [step]), { stdio: ['pipe', 'inherit', 'inherit'] })
    const seen = await output(shell('cat /proc/self/cgroup', [joinGroupsOf(container.pid)]))
    container.stdin?.end()
    await container.exited
    expect(seen.match(/^\d+:[^:]*:\/$/gm)?.length).toBeGreaterThanOrEqual(host.hierarchies.length)
  })

  it('and takes no file descriptor of the host’s cgroups along (CVE-2024-21626)', async () => {
    const ls = call('execve', ['/bin/ls', vector(['ls', '-l', '/proc/self/fd']), vector([])])
    const plan = sequence(join(uniquePath('fds'), {}, { host }), { name: 'exec', why: 'a test', 'init.mount': [ls] })
    const seen = await output(plan)
    expect(seen).toContain('/proc/')
    expect(seen).not.toContain('cgroup')
  })

  it('compiled, with no Node beside it', () => {
    const folder = mkdtempSync('/tmp/rt-cgroup-')
    try {
      const file = joinPath(folder, 'container')
      const script = 'exec 2>/dev/null; nproc; sleep 1 & sleep 1 & sleep 1 & echo all'
      const plan = shell(script, [join(uniquePath('elf'), { pids: { max: 3 }, cpuset: { cpus: '0' } }, { host })])
      writeFileSync(file, compile(plan))
      chmodSync(file, 0o755)
      const { stdout, status } = spawnSync(file, { encoding: 'utf8', timeout: 10_000 })
      expect(stdout).toBe('1\n')
      expect(status).not.toBe(0)
      expect(groupsNamed(name, here)).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('what goes wrong', () => {
  beforeEach((context) => {
    const reason = whyNot(few, 1, 'pids', 'cpuset', 'freezer')
    if (reason) context.skip(reason)
  })

  it('a limit that the kernel refuses is named with file, value and remedy', async () => {
    const plan = shell('exit 0', [
      join(uniquePath('wrong'), { cpuset: { cpus: '900' } }, { host: few, origin: '--cpuset-cpus' }),
    ])
    await expect(run(plan)).rejects.toMatchObject({
      step: expect.stringContaining('cgroup "/rt-test-'),
      origin: '--cpuset-cpus',
      syscall: 'write',
      call: expect.stringMatching(/^write\(\d+<.*\/cpuset.cpus>, "900", 3\) = -1 E/),
      hint: expect.any(String),
    })
    expect(groupsNamed(name, here)).toEqual([])
  })

  it('a later step that fails takes the group with it', async () => {
    const wrong = { name: 'wrong', why: 'a test', 'init.mount': [call('chdir', ['/does-not-exist'])] }
    const plan = shell('exit 0', [join(uniquePath('late'), {}, { host: few }), wrong])
    await expect(run(plan)).rejects.toMatchObject({ step: 'wrong', code: 'ENOENT' })
    expect(groupsNamed(name, here)).toEqual([])
  })

  it('two containers that ask to can share a group: the one that made it removes it, and kills nobody', async () => {
    const group = temporaryGroup('shared', few)
    const step = join(group.path, { pids: { max: 9 } }, { host: few, existing: 'join' })
    const start = () => run(shell('read line', [step]), { stdio: ['pipe', 'inherit', 'inherit'] })
    const [first, second, third] = [await start(), await start(), await start()]
    second.stdin?.end()
    await second.exited
    expect(group.processes()).toEqual(expect.arrayContaining([first.pid, third.pid]))
    third.stdin?.end('go\n')
    expect(await third.exited).toEqual({ code: 0 })
    expect(group.processes()).toEqual([first.pid])
    first.stdin?.end()
    await first.exited
    expect(group.directories.filter(existsSync)).toEqual([])
  })

  it('one name, one container: the second is refused, and changes nothing of the first', async () => {
    const path = uniquePath('name')
    const start = (max: number) =>
      run(shell('read line', [join(path, { pids: { max } }, { host: few, origin: '--name x', inUse: 'x is taken' })]), {
        stdio: ['pipe', 'inherit', 'inherit'],
      })
    const first = await start(9)
    await expect(start(5)).rejects.toMatchObject({
      code: 'RT_BUSY',
      message: 'x is taken',
      origin: '--name x',
      hint: expect.stringContaining('choose another name'),
    })
    expect(cgroup(path, few).stats().pids?.max).toBe(9)
    expect(cgroup(path, few).processes()).toEqual([first.pid])
    first.stdin?.end()
    await first.exited
    expect(groupsNamed(name, here)).toEqual([])
  })

  it('of 16 that start at once with one name, one wins', async () => {
    const path = uniquePath('race')
    // A stale group, so that all want to take it over.
    await cgroup(path, few).create()
    const starts = await Promise.allSettled(
      Array.from({ length: 16 }, () =>
        run(shell('read line', [join(path, {}, { host: few })]), { stdio: ['pipe', 'inherit', 'inherit'] }),
      ),
    )
    const won = starts.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    const lost = starts.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    expect(won.length).toBe(1)
    expect(lost).toEqual(Array(15).fill(expect.objectContaining({ code: 'RT_BUSY' })))
    expect(cgroup(path, few).processes()).toEqual(won.map(({ pid }) => pid))
    won[0]?.stdin?.end()
    await won[0]?.exited
    expect(groupsNamed(name, here)).toEqual([])
  })

  it('one that has made its groups and is not in them yet has its name too', async () => {
    const folder = mkdtempSync('/tmp/rt-cgroup-')
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const fifo = joinPath(folder, 'fifo')
    expect(spawnSync('mkfifo', [fifo]).status).toBe(0)
    const path = uniquePath('slow')
    const waits = { name: 'wait', why: 'a test', 'host.prepare': [call('openat', [-100, fifo, 0])] }
    const step = join(path, {}, { host: few })
    const first = run(shell('exit 0', [step, waits]))
    await expect.poll(() => cgroup(path, few).directories.every(existsSync), { timeout: 10_000 }).toBe(true)
    await expect(run(shell('exit 0', [step]))).rejects.toMatchObject({ code: 'RT_BUSY' })
    writeFileSync(fifo, '')
    expect(await (await first).exited).toEqual({ code: 0 })
    expect(groupsNamed(name, here)).toEqual([])
  })

  it('an empty group that a killed rt left does not block its name, and its limits are gone', async () => {
    const path = uniquePath('stale')
    await cgroup(path, few).create({ pids: { max: 1 } })
    const plan = shell('true & wait', [join(path, {}, { host: few })])
    expect(await (await run(plan)).exited).toEqual({ code: 0 })
    expect(groupsNamed(name, here)).toEqual([])
  })

  it('but one with a process in it, in whatever hierarchy, does', async () => {
    for (const hierarchy of few.hierarchies) {
      const path = uniquePath('occupied')
      const only = cgroup(path, { ...few, hierarchies: [hierarchy] })
      await only.create()
      const other = spawn('sleep', ['60'])
      try {
        await only.add(other.pid as number)
        const plan = shell('exit 0', [join(path, {}, { host: few })])
        await expect(run(plan)).rejects.toMatchObject({ code: 'RT_BUSY' })
        expect(only.processes()).toEqual([other.pid])
      } finally {
        const dead = once(other, 'exit')
        other.kill('SIGKILL')
        await dead
        await only.remove()
      }
      expect(groupsNamed(name, here)).toEqual([])
    }
  })

  it('a parent that another removes between our two calls is made again', async (context) => {
    needs(context, 'gcc')
    const parent = uniquePath('vanishing')
    const { directories } = cgroup(parent, few)
    const racer = spawn(attacker('remove-directory'), [directories[0] as string], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let said = ''
    racer.stdout.on('data', (text) => {
      said += text
    })
    const ended = once(racer, 'close')
    await once(racer.stdout, 'data')
    let again = 0
    for (let i = 0; i < 20; i++) {
      const container = await run(shell('exit 0', [join(`${parent}/${i}`, {}, { host: few })]), { stdio: 'null' })
      expect(await container.exited).toEqual({ code: 0 })
      again += container.trace().filter(({ call }) => call.startsWith('attempts =')).length
      const group = cgroup(`${parent}/node-${i}`, few)
      await group.create()
      await group.remove()
    }
    racer.stdin.end()
    await ended
    expect(again).toBeGreaterThan(0)
    expect(said).toMatch(/removed [1-9]/)
    expect(groupsNamed(name, here)).toEqual([])
  })

  it('64 at once below one parent', async () => {
    const parent = uniquePath('many')
    const ends = await Promise.all(
      Array.from({ length: 64 }, async (_, i) => {
        const container = await run(shell('exit 0', [join(`${parent}/${i}`, { pids: { max: 5 } }, { host: few })]))
        return container.exited
      }),
    )
    expect(ends).toEqual(Array(64).fill({ code: 0 }))
    expect(groupsNamed(name, here)).toEqual([])
  })
})

describe('every operation of the step', () => {
  const path = uniquePath('fault')
  const plan = shell('exit 0', [join(path, { pids: { max: 5 }, cpuset: { mems: '0' } }, { host: few })])
  const { sites } = assemble(plan)
  const ops = [...sites.entries()].filter(([, { step }]) => plan.steps[step]?.name.startsWith('cgroup "'))
  const outcome = async (fault: NonNullable<Parameters<typeof run>[1]>['fault']): Promise<unknown> => {
    try {
      return await (await run(plan, { stdio: 'null', fault })).exited
    } catch (error) {
      return error
    }
  }

  beforeEach((context) => {
    const reason = whyNot(few, 1, 'pids', 'cpuset', 'freezer')
    if (reason) context.skip(reason)
  })

  /** The operations that a start comes to: what takes a stale group over is out of the way of the others. */
  const reached = async (): Promise<Set<number>> => {
    const container = await run(plan, { stdio: 'null' })
    await container.exited
    return new Set([...container.record().entries()].flatMap(([op, result]) => (result === undefined ? [] : [op])))
  }

  it('failed with EIO leaves nothing behind', async () => {
    expect(ops.length).toBeGreaterThan(50)
    const usual = await reached()
    for (const [op, { instruction, fatal, helper }] of ops) {
      if (instruction.kind !== 'call' || helper !== undefined || !usual.has(op)) continue
      const result = await outcome({ op, errno: 'EIO' })
      if (fatal) expect(result, `operation ${op}`).toMatchObject({ code: 'EIO', syscall: instruction.call })
      else expect(result, `operation ${op}`).toEqual({ code: 0 })
      const left = groupsNamed(name, here)
      if (left.length === 0) continue
      // The call that takes away can't.
      expect(instruction.call, `operation ${op}`).toBe('unlinkat')
      await cgroup(`/${name}`, few).remove()
    }
  })

  it('that takes a stale group over, failed with EIO, is told of', async () => {
    const stale = cgroup(path, few)
    const usual = await reached()
    await stale.create()
    const more = [...(await reached())].filter((op) => !usual.has(op))
    // A killed process may take a moment in one run and not in another: what removes is another test's.
    const outside = plan.steps.flatMap((step) => step['host.prepare'] ?? [])
    const calls = more.filter((op) => {
      const { instruction, helper } = sites[op] as (typeof sites)[number]
      return instruction.kind === 'call' && helper === undefined && outside.includes(instruction)
    })
    expect(calls.length).toBeGreaterThanOrEqual(5)
    for (const op of calls) {
      await stale.create()
      const { fatal, instruction } = sites[op] as (typeof sites)[number]
      const result = await outcome({ op, errno: 'EIO' })
      const syscall = instruction.kind === 'call' ? instruction.call : ''
      expect(fatal, `operation ${op}`).toBe(true)
      expect(result, `operation ${op}`).toMatchObject({ code: 'EIO', syscall })
      // What stood before stays until it is taken over.
      await stale.remove()
      expect(groupsNamed(name, here), `operation ${op}`).toEqual([])
    }
  })

  it('killed there leaves nothing behind', async () => {
    for (const [op] of ops) {
      await outcome({ op, dies: true })
      expect(groupsNamed(name, here), `operation ${op}`).toEqual([])
    }
  })
})
