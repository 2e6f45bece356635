// requires root, busybox: containers on a directory
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { exec, hostname, root } from '@rt/chroot'
import { directoryTree, namespaces, proc } from '@rt/mountns'
import { call, type Plan, run, sequence } from '@rt/program'
import { describe, expect, it, type TestContext } from 'vitest'
import { busyboxRoot, needs } from '../fixtures/index.js'

/** What a container might leave in the process that ran it, and on the host. */
function footprint() {
  const attempt = (read: () => string[]): string[] => {
    try {
      return read()
    } catch {
      return [] // the directory's own descriptor, or a thread, closed meanwhile
    }
  }
  return {
    // What they are, not how many: a message names the leak.
    descriptors: readdirSync('/proc/self/fd')
      .flatMap((fd) => attempt(() => [readlinkSync(`/proc/self/fd/${fd}`).replace(/\d+/g, 'N')]))
      .sort(),
    // Zombies are among them.
    children: readdirSync('/proc/self/task').flatMap((thread) =>
      attempt(() => [readFileSync(`/proc/self/task/${thread}/children`, 'utf8').trim()]).filter(Boolean),
    ),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8'),
  }
}

let rootfs: string | undefined

/** Skips where containers can't run; else a function that starts one with a script and resolves to its exit. */
function starter(context: TestContext) {
  needs(context, 'root', 'busybox')
  rootfs ??= busyboxRoot()
  const tree = directoryTree(rootfs)
  const nothing = openSync('/dev/null', 'r+')
  context.onTestFinished(() => closeSync(nothing))
  const plan = (script: string) =>
    sequence(
      namespaces({ mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }),
      root(tree, proc()),
      hostname('rt'),
      exec(['/bin/sh', '-c', script], { env: [] }),
    )
  const begin = async (plan: Plan) => (await run(plan, { stdio: [nothing, nothing, nothing] })).exited
  return { plan, begin, start: (script: string) => begin(plan(script)) }
}

describe('many containers from one process', () => {
  it('500 one after the other leave nothing', { timeout: 60_000 }, async (context) => {
    const { start } = starter(context)
    await start('exit 0')
    const before = footprint()
    const memory = process.memoryUsage().rss
    for (let i = 0; i < 500; i++) expect(await start(`exit ${i % 256}`)).toEqual({ code: i % 256 })
    expect(footprint()).toEqual(before)
    // A program is about 14 KB and a log page 4: kept, 500 of them and what goes with them would be seen.
    expect(process.memoryUsage().rss - memory).toBeLessThan(64 * 2 ** 20)
  })

  it('64 at once run side by side, each with its own exit code', { timeout: 60_000 }, async (context) => {
    const { start } = starter(context)
    await start('exit 0')
    const before = footprint()
    const began = performance.now()
    const exits = await Promise.all(Array.from({ length: 64 }, (_, i) => start(`sleep 1; exit ${i}`)))
    expect(exits).toEqual(Array.from({ length: 64 }, (_, i) => ({ code: i })))
    // One after the other they would sleep 64 s.
    expect(performance.now() - began).toBeLessThan(20_000)
    expect(footprint()).toEqual(before)
  })

  it('failed starts leave nothing either', async (context) => {
    const { plan, start, begin } = starter(context)
    await start('exit 0')
    const before = footprint()
    const failing = sequence(plan('exit 0'), {
      name: 'broken',
      why: 'to fail before the clone',
      outside: [call('openat', [-100, '/no/such/file', 0])],
    })
    for (let i = 0; i < 50; i++) await expect(begin(failing)).rejects.toMatchObject({ code: 'ENOENT', step: 'broken' })
    expect(footprint()).toEqual(before)
  })
})
