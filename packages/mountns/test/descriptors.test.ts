// requires root: looks at the fds of a real set-up, busybox

import { closeSync, readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs'
import {
  bind,
  defaultMounts,
  device,
  fileMounts,
  overlay,
  overlayTree,
  privateProc,
  readonlyRoot,
  tmpfs,
} from '@rt/mountns'
import { buffer, call, run, type Step } from '@rt/program'
import { O_CLOEXEC, syscall } from '@rt/sys'
import { beforeEach, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { shellPlan, tinyRoot } from './inside.js'

beforeEach((context) => needs(context, 'root', 'busybox'))

const fds = (pid: number): string[] => readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))

/** The fds above 2 that an execve would keep. */
const inherited = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`)
    .filter((fd) => Number(fd) > 2)
    .filter(
      (fd) => (Number.parseInt(/^flags:\s+(\d+)$/m.exec(status(pid, `fdinfo/${fd}`))?.[1] ?? '', 8) & O_CLOEXEC) === 0,
    )
    .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))

/** Stops init just before it executes, until its stdin has a byte; tells Node its pid meanwhile. */
function halt(tell: (pid: number) => void): Step {
  return {
    name: 'halt',
    why: 'the test looks at it',
    meets: [{ at: 'init.enter', node: { why: 'the test needs its pid', act: ({ pid }) => tell(pid) } }],
    'init.confine': [call('read', [0, buffer('byte', 8), 1])],
  }
}

it('every fd that a step opens is closed, in init and in the supervisor', async () => {
  let pid = 0
  const layer = tinyRoot()
  const plan = shellPlan(
    {
      tree: overlayTree({ lower: [layer, tinyRoot()] }),
      mounts: [
        privateProc(),
        defaultMounts({
          cgroup: { version: 1, hierarchies: [] },
          mounts: [
            bind({ source: '/etc', destination: '/new/deep' }),
            bind({ source: '/etc/passwd', destination: '/etc/hosts' }),
            tmpfs({ destination: '/t' }),
            overlay({ destination: '/o', lower: [layer, '/etc'], upper: 'none' }),
            fileMounts([{ destination: '/x/y', content: 'z' }]),
            device({ path: '/dev/net/tun', type: 'c', major: 10, minor: 200 }),
            device({ path: '/dev/extra', type: 'c', major: 1, minor: 3, source: '/dev/null' }, { how: 'bind' }),
          ],
        }),
        readonlyRoot(),
      ],
      after: halt((init) => {
        pid = init
      }),
    },
    'true',
  )
  const [read, write] = pipe()
  const container = run(plan, { stdio: [read, 'null', 'null'] })
  try {
    await expect.poll(() => pid > 0 && isReading(pid), { timeout: 10_000, interval: 5 }).toBe(true)
    const known = /^(pipe|socket):|^\/dev\/null$|^anon_inode:\[pidfd\]$/
    // The root, from the trees and as $root, the procfs, and the mounts beneath which something is looked up: kept for
    // later steps, closed by the last one.
    const kept = ['/', '/', '/', '/dev', '/proc', '/sys']
    expect(
      fds(pid)
        .filter((each) => !known.test(each))
        .sort(),
    ).toEqual(kept)
    // Whatever executes something by mistake, or on purpose (newuidmap), hands none of them on.
    expect(inherited(pid)).toEqual([])
    expect(fds(parentOf(pid)).filter((each) => !known.test(each))).toEqual([])
  } finally {
    writeSync(write, 'x')
    closeSync(write)
    closeSync(read)
  }
  expect(await (await container).exited).toEqual({ code: 0 })
})

const status = (pid: number, file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8')
const isReading = (pid: number): boolean => /^(0|63) 0x0 /.test(status(pid, 'syscall'))
const parentOf = (pid: number): number => Number(/^PPid:\t(\d+)$/m.exec(status(pid, 'status'))?.[1])

function pipe(): [read: number, write: number] {
  const ends = new Int32Array(2)
  syscall('pipe2', new Uint8Array(ends.buffer), O_CLOEXEC)
  return [ends[0] as number, ends[1] as number]
}
