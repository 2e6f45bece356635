// requires root (to become a plain user), user namespaces, busybox

import { existsSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import {
  bind,
  defaultMounts,
  directoryTree,
  hostTree,
  type IdMapping,
  overlayTree,
  readHostTree,
  type UserNamespace,
  userNamespaceObstacles,
} from '@rt/mountns'
import { branch, call, fail, type Instruction, label, openedByInit, ref, type Step } from '@rt/program'
import { PR_GET_DUMPABLE } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { NOBODY, runAsNobody, runPlan, shell, shellPlan, tinyRoot } from './inside.js'

beforeEach((context) => {
  needs(context, 'root', 'busybox')
  const [obstacle] = userNamespaceObstacles()
  if (obstacle) context.skip(`needs user namespaces: ${obstacle.what} is ${obstacle.found}`)
})

const one = (hostID: number): IdMapping[] => [{ containerID: 0, hostID, size: 1 }]
const range: IdMapping[] = [{ containerID: 0, hostID: 100000, size: 65536 }]
const own = { mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }
const self: UserNamespace = { how: 'self', uidMap: one(NOBODY), gidMap: one(NOBODY) }
const MAPS = 'cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; id -u; id -g; id -G'
const squeeze = (text: string) =>
  text
    .replace(/ +/g, ' ')
    .trim()
    .split('\n')
    .map((line) => line.trim())

/** The kernel's own word, in both processes, when all maps are written: /proc/PID of a process that is not dumpable is root's. */
const isNotDumpable = (who: string): Instruction[] => [
  call('prctl', [PR_GET_DUMPABLE, 0, 0, 0, 0], { save: `${who} dumpable` }),
  branch(ref(`${who} dumpable`), 0, { then: `${who} closed` }),
  fail(`${who} is dumpable`),
  label(`${who} closed`),
]
const closed: Step = {
  name: 'closed',
  why: 'a test',
  meets: [{ at: 'init.enter', host: isNotDumpable('the supervisor') }],
  'init.mount': isNotDumpable('init'),
}

describe('a plain user', () => {
  const container = (mounts = defaultMounts({ namespaces: { ...own, user: self } })) => ({
    tree: overlayTree({ lower: [tinyRoot()], userxattr: true }),
    mounts,
    namespaces: { ...own, user: self },
  })

  it('is root inside, with the one id that init maps itself', () => {
    const { stdout, stderr, status } = runAsNobody(shellPlan(container(), MAPS))
    expect(stderr).toBe('')
    expect(squeeze(stdout)).toEqual([`0 ${NOBODY} 1`, `0 ${NOBODY} 1`, 'deny', '0', '0', '0'])
    expect(status).toBe(0)
  })

  it('writes its maps into no fake /proc (CVE-2019-16884)', () => {
    const fake =
      'mount -t tmpfs none /proc && mkdir /proc/self && touch /proc/self/setgroups /proc/self/uid_map /proc/self/gid_map && chmod -R 777 /proc/self'
    const { stderr, status } = runAsNobody(shellPlan(container(), MAPS), fake)
    expect(stderr).toContain('expected procfs at "/proc", got another file system')
    expect(status).toBe(125)
  })

  it('gets the host’s devices, bound', () => {
    const command =
      'stat -c "%t,%T %n" /dev/null /dev/tty; echo x > /dev/null && head -c 3 /dev/zero | wc -c; test -r /proc/keys && wc -c < /proc/keys'
    const { stdout, stderr } = runAsNobody(shellPlan(container(), command))
    expect(stdout + stderr).toBe('1,3 /dev/null\n5,0 /dev/tty\n3\n0\n')
  })

  it('leaves no process open to others, once the maps are written', () => {
    const { stderr, status } = runAsNobody(shellPlan({ ...container(), after: closed }, 'exit 7'))
    expect({ stderr, status }).toEqual({ stderr: '', status: 7 })
  })

  it('runs on a copy of the host’s root, and writes only there', () => {
    const plan = shellPlan(
      { ...container(), tree: hostTree(readHostTree()) },
      'echo changed > /etc/rt-made && cat /etc/rt-made; touch /usr/rt-made /rt-made && ls /usr/rt-made /rt-made; ls /run',
    )
    const { stdout, stderr } = runAsNobody(plan)
    expect(stdout + stderr).toBe('changed\n/rt-made\n/usr/rt-made\n')
    for (const path of ['/etc/rt-made', '/usr/rt-made', '/rt-made']) expect(existsSync(path)).toBe(false)
  })

  it('sees the host’s /proc and /sys where the namespaces are the host’s, read-only where it matters', () => {
    const shared = { mount: true, uts: true, ipc: true, user: self }
    const plan = shellPlan(
      {
        tree: directoryTree(tinyRoot()),
        mounts: defaultMounts({ namespaces: { ipc: true, user: self } }),
        namespaces: shared,
      },
      'for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $d/rt-x; done; ls -d /proc/1 /sys/class',
    )
    const { stdout, stderr } = runAsNobody(plan)
    expect(stdout).toBe('/proc/1\n/sys/class\n')
    expect(new Set(stderr.match(/: [A-Z][a-z -]+$/gm)), stderr).toEqual(new Set([': Read-only file system']))
  })

  it('is told why a directory cannot be bound without what is mounted below it', () => {
    const mounts = bind({ source: '/dev', destination: '/d', options: ['bind'] })
    const { stderr, status } = runAsNobody(shellPlan(container(mounts), 'true'))
    expect(status).toBe(125)
    expect(stderr).toMatch(/mount "\/d".*open_tree\(.*EINVAL/)
  })
})

describe('ranges by newuidmap and newgidmap', () => {
  const user: UserNamespace = {
    how: 'newuidmap',
    uidMap: [...one(NOBODY), { containerID: 1, hostID: 200000, size: 1000 }],
    gidMap: [...one(NOBODY), { containerID: 1, hostID: 300000, size: 1000 }],
  }
  const container = (mapped: UserNamespace) => ({
    tree: directoryTree(tinyRoot()),
    mounts: defaultMounts({ namespaces: { ...own, user: mapped } }),
    namespaces: { ...own, user: mapped },
  })
  /** In a mount namespace of their own the tables grant what the test needs. */
  const grant = (ranges: string) => {
    const folder = temporaryFolder('grant')
    writeFileSync(`${folder}/subuid`, `nobody:200000:${ranges}\n`)
    writeFileSync(`${folder}/subgid`, `nobody:300000:${ranges}\n`)
    return `mount --bind ${folder}/subuid /etc/subuid && mount --bind ${folder}/subgid /etc/subgid`
  }
  beforeEach((context) => needs(context, 'newuidmap'))

  it('are mapped', () => {
    // The user is in groups: one of them has no id inside, where it would show as nobody's.
    const groups = '--groups 300005,4321'
    const { stdout, stderr, status } = runAsNobody(shellPlan(container(user), MAPS), grant('1000'), 'init', groups)
    expect(stderr).toBe('')
    expect(squeeze(stdout)).toEqual([
      `0 ${NOBODY} 1`,
      '1 200000 1000',
      `0 ${NOBODY} 1`,
      '1 300000 1000',
      'allow',
      '0',
      '0',
      '0',
    ])
    expect(status).toBe(0)
  })

  it('leave neither process open to others, once the helpers have written them', () => {
    const { stderr, status } = runAsNobody(shellPlan({ ...container(user), after: closed }, 'exit 7'), grant('1000'))
    expect({ stderr, status }).toEqual({ stderr: '', status: 7 })
  })

  it('that are not granted are refused', () => {
    const { stderr, status } = runAsNobody(shellPlan(container(user), MAPS), grant('999'))
    expect(status).not.toBe(0)
    expect(stderr).toContain('newuidmap refused the map')
  })

  it('need the helpers', () => {
    const helpers = { newuidmap: '/no/newuidmap', newgidmap: '/no/newgidmap' }
    const { stderr, status } = runAsNobody(shellPlan(container({ ...user, helpers }), MAPS), grant('1000'))
    expect(status).not.toBe(0)
    expect(stderr).toContain('cannot execute "/no/newuidmap"')
  })
})

describe('ranges written by a supervisor that is root', () => {
  const user: UserNamespace = { how: 'supervisor', uidMap: range, gidMap: range }
  const container = {
    tree: directoryTree(tinyRoot()),
    mounts: defaultMounts({ namespaces: { ...own, user } }),
    namespaces: { ...own, user },
  }

  it('are mapped, and root’s groups are gone', async () => {
    const before = process.getgroups?.() as number[]
    // One that has an id inside, and one that hasn't.
    process.setgroups?.([...before, 100005, 4321])
    try {
      const { stdout, stderr } = await shell(container, MAPS)
      expect(stderr).toBe('')
      expect(squeeze(stdout)).toEqual(['0 100000 65536', '0 100000 65536', 'allow', '0', '0', '0'])
    } finally {
      process.setgroups?.(before)
    }
  })

  it('can be all ids there are, as they are', async () => {
    const all: IdMapping[] = [{ containerID: 0, hostID: 0, size: 0xffffffff }]
    const identity: UserNamespace = { how: 'supervisor', uidMap: all, gidMap: all }
    const namespaces = { ...own, user: identity }
    const mounts = defaultMounts({ namespaces })
    const { stdout, stderr } = await shell({ ...container, mounts, namespaces }, MAPS)
    expect(stderr).toBe('')
    expect(squeeze(stdout)).toEqual(['0 0 4294967295', '0 0 4294967295', 'allow', '0', '0', '0'])
    // One more would be none: 2^32 - 1 is "no id".
    const more: IdMapping[] = [{ containerID: 0, hostID: 1, size: 0xffffffff }]
    expect(() => shellPlan({ ...container, namespaces: { ...own, user: { ...identity, uidMap: more } } }, '')).toThrow(
      'the range ends beyond the last id',
    )
  })

  it('leave no process open to others', async () => {
    const { stderr, exit } = await shell({ ...container, after: closed }, 'exit 7')
    expect({ stderr, exit }).toEqual({ stderr: '', exit: { code: 7 } })
  })

  it('work when init opens the sources, too', async () => {
    const plan = openedByInit(shellPlan(container, 'id -u'))
    expect((await runPlan(plan)).stdout).toBe('0\n')
  })

  it('own root’s files where mounts are id-mapped', async () => {
    const source = temporaryFolder('owned')
    const list = 'touch /data/new; stat -c "%u %n" /data /data/new /plain /bin/busybox /etc/hosts'
    const mounts = [
      bind({ source, destination: '/data', options: ['rbind', 'ridmap'] }),
      bind({ source: '/etc/fstab', destination: '/plain' }),
    ]
    for (const tree of [
      directoryTree(tinyRoot(), { idmap: true }),
      overlayTree({ lower: [tinyRoot()], idmap: true }),
    ]) {
      const { stdout, stderr } = await shell({ tree, mounts, namespaces: { ...own, user } }, list)
      expect(stderr).toBe('')
      expect(stdout).toBe('0 /data\n0 /data/new\n65534 /plain\n0 /bin/busybox\n0 /etc/hosts\n')
      expect(statSync(`${source}/new`).uid).toBe(0)
    }
  })

  it('deny setgroups if asked', async () => {
    const denied: UserNamespace = { ...user, setgroups: 'deny' }
    const { stdout } = await shell({ ...container, namespaces: { ...own, user: denied } }, 'cat /proc/self/setgroups')
    expect(stdout).toBe('deny\n')
  })
})

it('a namespace of clocks has its offsets', async () => {
  const offsets = { boottime: 7 * 24 * 3600, monotonic: 0 }
  const { stdout } = await shell(
    { tree: tinyRoot(), mounts: defaultMounts(), namespaces: { mount: true, pid: true, time: offsets } },
    'cut -d. -f1 /proc/uptime',
  )
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split('.')[0])
  expect(Number(stdout) - uptime).toBeGreaterThanOrEqual(offsets.boottime - 2)
})

it('a namespace of clocks needs no offsets', async () => {
  const { stdout } = await shell(
    { tree: tinyRoot(), mounts: defaultMounts(), namespaces: { mount: true, pid: true, time: true } },
    'readlink /proc/self/ns/time',
  )
  expect(stdout).toMatch(/^time:\[\d+\]\n$/)
  expect(stdout.trim()).not.toBe(readlinkSync('/proc/self/ns/time'))
})

it('a namespace of networks has 127.0.0.1', async () => {
  const { stdout } = await shell({ tree: tinyRoot(), mounts: defaultMounts() }, 'cat /sys/class/net/lo/flags')
  expect(Number(stdout) & 1).toBe(1)
})
