// requires root, busybox: containers on a directory

import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { detectCgroups, join } from '@rt/cgroups'
import { exec, hostname, root } from '@rt/chroot'
import { defaultMounts, directoryTree, namespaces } from '@rt/mountns'
import { call, type Plan, run, type Step, sequence } from '@rt/program'
import { describe, expect, it, type TestContext } from 'vitest'
import { busyboxRoot, needs } from '../fixtures/index.js'

const cgroupName = `rt-many-${process.pid}`

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
    cgroups: detectCgroups()
      .hierarchies.flatMap(({ top }) => (top === undefined ? [] : readdirSync(top)))
      .filter((name) => name === cgroupName),
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
  const plan = (script: string, cgroup?: Step) =>
    sequence(
      namespaces({ mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }),
      cgroup,
      root(tree, defaultMounts()),
      hostname('rt'),
      exec(['/bin/sh', '-c', script], { env: [] }),
    )
  const begin = async (plan: Plan) => (await run(plan, { stdio: [nothing, nothing, nothing] })).exited
  return { plan, begin, start: (script: string, cgroup?: Step) => begin(plan(script, cgroup)) }
}

/** Bytes that are still in use after a garbage collection: the resident size tells more of the collector than of us. */
function kept(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

describe('many containers from one process', () => {
  it('500 one after the other leave nothing', { timeout: 60_000 }, async (context) => {
    const { start } = starter(context)
    await start('exit 0')
    const before = footprint()
    const memory = kept()
    for (let i = 0; i < 500; i++) expect(await start(`exit ${i % 256}`)).toEqual({ code: i % 256 })
    expect(footprint()).toEqual(before)
    // A program is some 50 KB and a log 8: kept, 500 of them would be 29 MB (vitest itself keeps some 10).
    expect(kept() - memory).toBeLessThan(20 * 2 ** 20)
  })

  it('64 at once run side by side, each with its own exit code and cgroup', { timeout: 60_000 }, async (context) => {
    const { start } = starter(context)
    await start('exit 0')
    const before = footprint()
    const began = performance.now()
    const exits = await Promise.all(
      Array.from({ length: 64 }, (_, i) =>
        start(`sleep 1; exit ${i}`, join(`/${cgroupName}/${i}`, { pids: { max: 16 } })),
      ),
    )
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
      'host.prepare': [call('openat', [-100, '/no/such/file', 0])],
    })
    for (let i = 0; i < 50; i++) await expect(begin(failing)).rejects.toMatchObject({ code: 'ENOENT', step: 'broken' })
    expect(footprint()).toEqual(before)
  })
})
