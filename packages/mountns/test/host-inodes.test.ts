// requires root: what a container can change of the host's inodes; busybox

import { closeSync, openSync } from 'node:fs'
import { capabilities, DEFAULT_CAPABILITIES } from '@rt/chroot'
import {
  cgroupLayout,
  defaultMounts,
  device,
  directoryTree,
  parseMountinfo,
  readMaskedPaths,
  type UserNamespace,
} from '@rt/mountns'
import { call, type RunOptions, run } from '@rt/program'
import { DEFAULT_PROFILE, seccomp } from '@rt/seccomp'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { type Container, mountsOfHost, runInMountNamespace, shell, shellPlan, tinyRoot } from './inside.js'

beforeEach((context) => needs(context, 'root', 'busybox'))

const OWN = { mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }
const range = [{ containerID: 0, hostID: 100000, size: 65536 }]
const user: UserNamespace = { how: 'supervisor', uidMap: range, gidMap: range }

const names = [...DEFAULT_CAPABILITIES]

/** Docker's defaults, with one more device; with its filter, or without: it must hide no hole. */
const container = (userNamespace?: UserNamespace, filtered = false): Container => {
  const namespaces = { ...OWN, ...(userNamespace ? { user: userNamespace } : {}) }
  const how = userNamespace ? 'bind' : 'mknod'
  return {
    tree: directoryTree(tinyRoot()),
    namespaces,
    mounts: defaultMounts({
      namespaces,
      cgroup: cgroupLayout(mountsOfHost()),
      masked: readMaskedPaths(),
      mounts: device({ path: '/dev/extra', type: 'c', major: 1, minor: 7, source: '/dev/full' }, { how }),
    }),
    after: filtered
      ? [
          capabilities(names, undefined, { untilExecve: ['CAP_SYS_ADMIN'] }),
          seccomp(DEFAULT_PROFILE, { capabilities: names }),
        ]
      : capabilities(names),
  }
}
const KINDS: [string, UserNamespace | undefined, boolean][] = [
  ['without a filter', undefined, false],
  ['without a filter, in a user namespace', user, false],
  ['with the default filter', undefined, true],
  ['with the default filter, in a user namespace', user, true],
]

/** Writable mounts of what the host has too, by where they are. */
const ALLOWED: Readonly<Record<string, string>> = {
  '/': 'a directory as the root is given to the container: what it writes there stays, as with docker’s volumes',
}

describe.each(KINDS)('%s', (_, userNamespace, filtered) => {
  it('no mount that is writable shows what the host has', async () => {
    const { stdout, stderr } = await shell(container(userNamespace, filtered), 'cat /proc/self/mountinfo')
    expect(stderr).toBe('')
    const host = new Set(mountsOfHost().map(({ device: number }) => number))
    const inside = parseMountinfo(stdout)
    expect(inside.length).toBeGreaterThan(20)
    const shared = inside.filter(({ device: number }) => host.has(number))
    // Masks, devices, cgroups: there are some, and each is read-only.
    expect(shared.length).toBeGreaterThan(5)
    const writable = shared.filter(({ options }) => !options.includes('ro')).map(({ mountPoint }) => mountPoint)
    expect(writable).toEqual(Object.keys(ALLOWED))
  })

  it('no device and no mask lets itself be changed, and all can be written to', async () => {
    // The modes are those that they have: where the container may change them, nothing changes.
    const { stdout, stderr } = await shell(
      container(userNamespace, filtered),
      `for f in /proc/keys /proc/interrupts ${userNamespace ? DEVICES.join(' ') : ''}; do
         test -c $f || echo "$f is no device"
         chmod 666 $f && echo "chmod $f"
         chown 0:0 $f && echo "chown $f"
         touch -c -r $f $f && echo "touch $f"
       done
       for f in null zero; do echo x > /dev/$f || echo "cannot write $f"; done
       echo x > /proc/keys || echo "cannot write a mask"
       head -c 2 /dev/zero | wc -c`,
    )
    expect(stdout).toBe('2\n')
    expect(stderr.match(/Read-only file system/g)).toHaveLength(3 * (2 + (userNamespace ? DEVICES.length : 0)))
  })

  it('no entry of procfs that is closed to others, or can be written to, lets its mode be changed', async () => {
    const { stdout } = await shell(
      container(userNamespace, filtered),
      // Outside the directories of processes: those belong to the processes. The mode given is the one it has.
      `for f in $(ls -A /proc) driver/x tty/driver fs/x; do case $f in [0-9]*|self|thread-self|net|mounts) continue;; esac
         test -e /proc/$f || continue
         mode=$(stat -c %a /proc/$f) && chmod $mode /proc/$f && stat -c '%a %n' /proc/$f
       done`,
    )
    const changeable = stdout.trim().split('\n').filter(Boolean)
    const closedOrWritable = changeable.filter((line) => {
      const mode = Number.parseInt(line, 8)
      return (mode & 0o004) === 0 || (mode & 0o222) !== 0
    })
    expect(closedOrWritable).toEqual([])
    // What everybody may read, root without a user namespace can close for the host: SECURITY.md says so.
    if (userNamespace) expect(changeable).toEqual([])
    else expect(changeable).toContain('444 /proc/version')
  })
})

it('no stream is the host’s null device: one that is closed, or a file, is left alone', async () => {
  const script = 'for fd in $1; do test /proc/$$/fd/$fd -ef /dev/null || exit 1; done; exit 7'
  const ends = (fds: string, stdio: RunOptions['stdio']) =>
    run(shellPlan(container(), script.replace('$1', fds)), { stdio }).then(({ exited }) => exited)
  expect(await ends('0 1 2', 'null')).toEqual({ code: 7 })
  const folder = openSync(temporaryFolder('stream'), 'r')
  try {
    expect(await ends('0 2', ['null', folder, 'null'])).toEqual({ code: 7 })
    expect(await ends('1', ['null', folder, 'null'])).toEqual({ code: 1 })
  } finally {
    closeSync(folder)
  }
  const { stdout } = runInMountNamespace(shellPlan(container(), 'echo out'), 'exec <&-')
  expect(stdout).toBe('out\n')
})

it.each([0, 1, 2])('a stream that is closed by then stays so: %d', async (fd) => {
  const plan = shellPlan(container(), `test -e /proc/$$/fd/${fd} && exit 8; exit 7`)
  const steps = plan.steps.map((step) =>
    step.name === 'null streams'
      ? { ...step, 'init.mount': [call('close', [fd]), ...(step['init.mount'] ?? [])] }
      : step,
  )
  expect(steps).not.toEqual(plan.steps)
  const { exited } = await run({ ...plan, steps }, { stdio: 'null' })
  expect(await exited).toEqual({ code: 7 })
})

const DEVICES = ['/dev/extra', '/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom', '/dev/tty']
