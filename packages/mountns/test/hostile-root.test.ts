// requires root: real mounts on root filesystems that an attacker made, busybox

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  bind,
  defaultMounts,
  dev,
  device,
  diffMountinfo,
  fileMounts,
  maskedPaths,
  mount,
  mqueue,
  privateProc,
  proc,
  readonlyPaths,
  sysfs,
  tmpfs,
} from '@rt/mountns'
import { call, PROC, ref, type Step, type StepList } from '@rt/program'
import { O_CLOEXEC, O_WRONLY } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { mountsOfHost, NOBODY, runAsNobody, shell, shellPlan, tinyRoot } from './inside.js'

beforeEach((context) => needs(context, 'root', 'busybox'))

/** A root with something else where a directory was. */
function rootWith(path: string, target: string): string {
  const root = tinyRoot()
  rmSync(join(root, path), { recursive: true, force: true })
  symlinkSync(target, join(root, path))
  return root
}

/** A directory of the host that must not change. */
function victim(): string {
  const folder = temporaryFolder('victim')
  writeFileSync(`${folder}/ptmx`, 'canary')
  writeFileSync(`${folder}/null`, 'canary')
  return folder
}
const listing = (folder: string) =>
  readdirSync(folder).map((name) => `${name}: ${readFileSync(join(folder, name), 'utf8')}`)

describe('a symlink where a file system of the kernel is mounted ends the set-up', () => {
  const cases: [string, (folder: string) => string][] = [
    ['absolute', (folder) => folder],
    ['relative', (folder) => `../../../../../..${folder}`],
    ['magic', () => '/proc/self/cwd'],
    ['to a directory of the image', () => '/tmp'],
  ]
  const mounts: Record<string, StepList> = {
    proc: proc(),
    sys: sysfs(),
    dev: defaultMounts(),
    'dev/mqueue': mqueue(),
  }
  for (const [path, step] of Object.entries(mounts)) {
    it.each(cases)(`/${path}, %s`, async (_, target) => {
      const folder = victim()
      const before = mountsOfHost()
      const root = rootWith(path, target(folder))
      await expect(shell({ tree: root, mounts: step }, 'true')).rejects.toMatchObject({
        step: `mount "/${path}"`,
        syscall: 'openat2',
        code: 'ELOOP',
        hint: expect.stringContaining('symlink in the root filesystem'),
      })
      expect(listing(folder)).toEqual(['null: canary', 'ptmx: canary'])
      expect(diffMountinfo(before, mountsOfHost())).toEqual({ added: [], removed: [], changed: [] })
    })
  }

  it('and so does one on the way to a device', async () => {
    const folder = victim()
    const node = device({ path: '/dev/null', type: 'c', major: 1, minor: 3 })
    await expect(shell({ tree: rootWith('dev', folder), mounts: node }, 'true')).rejects.toMatchObject({
      code: 'ELOOP',
    })
    expect(listing(folder)).toEqual(['null: canary', 'ptmx: canary'])
  })

  it('and a file does too', async () => {
    const root = tinyRoot()
    rmSync(`${root}/proc`, { recursive: true })
    writeFileSync(`${root}/proc`, '')
    await expect(shell({ tree: root, mounts: proc() }, 'true')).rejects.toMatchObject({ code: 'ENOTDIR' })
  })
})

describe('a symlink at another destination leads where it leads for the container', () => {
  const steps: [string, (destination: string) => StepList][] = [
    ['tmpfs', (destination) => tmpfs({ destination })],
    ['bind', (destination) => bind({ source: '/etc', destination })],
    ['files', (destination) => fileMounts([{ destination: `${destination}/file`, content: 'x' }])],
  ]
  it.each(steps)('%s', async (_, step) => {
    const folder = victim()
    for (const target of [folder, `../../../../..${folder}`]) {
      const root = rootWith('data', target)
      mkdirSync(join(root, folder), { recursive: true })
      const before = mountsOfHost()
      const { stdout } = await shell(
        { tree: root, mounts: [proc(), step('/data')] },
        'cut -d" " -f5 /proc/self/mountinfo',
      )
      expect(stdout).toContain(`\n${folder}`)
      expect(listing(folder)).toEqual(['null: canary', 'ptmx: canary'])
      expect(diffMountinfo(before, mountsOfHost())).toEqual({ added: [], removed: [], changed: [] })
    }
  })

  it.each(['/proc/self/root', '/proc/1/root/tmp', '/proc/self/fd/0'])('but not through %s', async (target) => {
    const mounts = [proc(), tmpfs({ destination: '/data' })]
    await expect(shell({ tree: rootWith('data', target), mounts }, 'true')).rejects.toMatchObject({ code: 'ELOOP' })
  })

  it('and one to nowhere is not followed to make a directory', async () => {
    const outside = `${temporaryFolder('outside')}/made`
    const root = rootWith('data', outside)
    await expect(shell({ tree: root, mounts: tmpfs({ destination: '/data' }) }, 'true')).rejects.toMatchObject({
      code: 'ENOTDIR',
    })
    const volume = bind({ source: temporaryFolder('volume'), destination: '/data' })
    const refused = await shell({ tree: root, mounts: volume }, 'true').catch((error) => error)
    expect(refused).toMatchObject({ code: 'ENOTDIR', hint: expect.stringContaining('is a symlink to nowhere') })
    const deeper = tmpfs({ destination: '/data/a/b' })
    await expect(shell({ tree: root, mounts: deeper }, 'true')).rejects.toMatchObject({ code: 'ENOTDIR' })
    expect(existsSync(outside)).toBe(false)
  })
})

describe('masks', () => {
  it('hide /proc/kcore though the image’s /dev/null is a symlink to a setting (CVE-2025-31133)', async () => {
    const root = rootWith('dev/null', '/proc/sys/kernel/core_pattern')
    const mounts = [proc(), defaultMounts({ except: ['/proc', '/dev', '/sys'] })]
    const { stdout } = await shell({ tree: root, mounts }, 'stat -c "%F %t,%T" /proc/keys; cat /proc/keys | wc -c')
    expect(stdout).toBe('character special file 1,3\n0\n')
  })

  it('are read-only and empty where a directory is hidden', async () => {
    const { stdout, stderr } = await shell(
      { tree: tinyRoot(), mounts: defaultMounts() },
      'ls -A /sys/firmware | wc -l; touch /sys/firmware/x; : >> /proc/sys/kernel/core_pattern',
    )
    expect(stdout).toBe('0\n')
    expect(stderr.match(/Read-only file system/g)).toHaveLength(2)
  })

  it('hide a path behind a symlink of the image as the container would find it', async () => {
    const root = rootWith('secret', '/etc/hosts')
    const masked = defaultMounts({ masked: ['/secret', '/etc/absent', '/etc/hosts/not-a-directory'] })
    const { stdout } = await shell({ tree: root, mounts: masked }, 'wc -c < /etc/hosts')
    expect(stdout).toBe('0\n')
    expect(readFileSync(`${root}/etc/hosts`, 'utf8')).toContain('localhost')
  })
})

describe('a mask that cannot be put on ends the set-up', () => {
  it('because of a symlink in a circle', async () => {
    const masked = maskedPaths(['/etc/absent', '/secret'])
    await expect(shell({ tree: rootWith('secret', 'secret'), mounts: masked }, 'true')).rejects.toMatchObject({
      step: 'masked paths',
      syscall: 'openat2',
      code: 'ELOOP',
    })
  })

  it.each([
    ['maskedPaths', maskedPaths],
    ['readonlyPaths', readonlyPaths],
  ])('because of a symlink in procfs, or out of a volume: %s', async (_, step) => {
    const volume = temporaryFolder('volume')
    symlinkSync('/etc', `${volume}/link`)
    const mounts = [proc(), bind({ source: volume, destination: '/data' })]
    for (const [path, code] of [
      ['/proc/self/status', 'ELOOP'],
      ['/data/link/hosts', 'EXDEV'],
    ] as const) {
      await expect(shell({ tree: tinyRoot(), mounts: [mounts, step([path])] }, 'true')).rejects.toMatchObject({
        syscall: 'openat2',
        code,
        hint: expect.stringContaining('give the path that it leads to'),
      })
    }
  })

  it('because the path may not be looked at', () => {
    const root = tinyRoot()
    mkdirSync(`${root}/locked/in`, { recursive: true, mode: 0o700 })
    const { status, stderr } = runAsNobody(plainUsersPlan(root, maskedPaths(['/locked/in'])))
    expect({ status, stderr }).toEqual({ status: 125, stderr: expect.stringMatching(/masked paths.*openat2.*EACCES/) })
  })

  it.each(['full', 'zero', 'tty'])('because /dev/null of the host is another device: %s', (other) => {
    const plan = plainUsersPlan(tinyRoot(), [proc(), maskedPaths()])
    const { status, stderr } = runAsNobody(plan, `mount --bind /dev/${other} /dev/null`)
    const message = expect.stringContaining('expected the null device (1:3) at "/dev/null" of the host')
    expect({ status, stderr }).toEqual({ status: 125, stderr: message })
  })

  it.each(['full', 'zero', 'tty'])('and so does a device that is to be bound and is another: %s', (other) => {
    const plan = plainUsersPlan(tinyRoot(), dev({ how: 'bind' }))
    const { status, stderr } = runAsNobody(plan, `mount --bind /dev/${other} /dev/null`)
    const message = expect.stringContaining('expected the device c 1:3 at "/dev/null" of the host')
    expect({ status, stderr }).toEqual({ status: 125, stderr: message })
  })

  it('and so does a file where a device was', async () => {
    const node = { path: '/dev/extra', type: 'c', major: 1, minor: 3, source: '/etc/hostname' } as const
    await expect(shell({ tree: tinyRoot(), mounts: device(node, { how: 'bind' }) }, 'true')).rejects.toMatchObject({
      code: 'RT_UNSAFE',
      message: expect.stringContaining('got another file'),
    })
  })

  it('and so do a /proc and a /sys of the host that are something else', () => {
    for (const [place, type] of [
      ['/proc', 'procfs'],
      ['/sys', 'sysfs'],
    ] as const) {
      const plan = plainUsersPlan(tinyRoot(), bind({ source: place, destination: place }))
      // The maps are written through /proc: it must be right until then, so the fake is one for the bind alone.
      const open = plan.steps.find(({ name }) => name === `mount "${place}"`)?.['host.open'] ?? []
      const faked = open.map((each) =>
        each.kind === 'call' && each.call === 'open_tree' ? { ...each, args: each.args.with(1, '/tmp') } : each,
      )
      const steps = plan.steps.map((each) => (each['host.open'] === open ? { ...each, 'host.open': faked } : each))
      const { status, stderr } = runAsNobody({ ...plan, steps })
      const message = expect.stringContaining(`expected ${type} at "${place}" of the host, got another file system`)
      expect({ status, stderr }).toEqual({ status: 125, stderr: message })
    }
  })
})

/** For a user who owns nothing of the root. */
function plainUsersPlan(root: string, mounts: StepList) {
  const self = [{ containerID: 0, hostID: NOBODY, size: 1 }]
  const namespaces = { mount: true, pid: true, user: { how: 'self', uidMap: self, gidMap: self } } as const
  return shellPlan({ tree: root, mounts, namespaces }, 'true')
}

describe('a fake /proc', () => {
  it.each([
    ['tmpfs', () => tmpfs({ destination: '/proc' })],
    ['tmpfs by a long way', () => tmpfs({ destination: '/a/..//proc/' })],
    ['a bind', () => bind({ source: '/tmp', destination: '/proc' })],
    ['something within', () => bind({ source: '/tmp', destination: '/proc/self' })],
    ['a fake /sys', () => bind({ source: '/tmp', destination: '/sys' })],
    ['a file', () => fileMounts([{ destination: '/proc/self/attr/exec', content: '' }])],
    ['another type', () => mount({ type: 'ramfs', destination: '/proc' })],
  ])('is refused before anything is made: %s', (_, step) => {
    expect(step).toThrow(expect.objectContaining({ code: 'RT_INVALID_OPTION' }))
  })

  it.each([
    ['/proc', bind({ source: '/tmp', destination: '/data' })],
    ['../proc/sys/', tmpfs({ destination: '/data/kernel' })],
    ['/proc', fileMounts([{ destination: '/data/version', content: 'fake' }])],
    ['/sys', bind({ source: '/tmp', destination: '/data' })],
  ])('is not made by a symlink of the image either (CVE-2019-16884): %s, %#', async (target, step) => {
    const mounts = [proc(), sysfs(), step]
    await expect(shell({ tree: rootWith('data', target), mounts }, 'true')).rejects.toMatchObject({
      code: 'RT_UNSAFE',
      message: expect.stringMatching(/^"\/data.*" leads into \/(proc|sys), which/),
    })
  })

  it('fools no step that writes through the private procfs', async () => {
    const name = 'written'
    const write: Step = {
      name: 'write',
      why: 'a setting, as the steps of other packages do',
      'init.mount': [
        call('openat', [ref(PROC), 'sys/kernel/hostname', O_WRONLY | O_CLOEXEC], { save: 'file' }),
        call('write', [ref('file'), name, name.length]),
        call('close', [ref('file')]),
      ],
    }
    const root = rootWith('proc', '/tmp')
    mkdirSync(`${root}/tmp/sys/kernel`, { recursive: true })
    writeFileSync(`${root}/tmp/sys/kernel/hostname`, '')
    const { stdout } = await shell({ tree: root, mounts: [privateProc(), write] }, 'hostname')
    expect(stdout).toBe(`${name}\n`)
    expect(readFileSync(`${root}/tmp/sys/kernel/hostname`, 'utf8')).toBe('')
  })

  it('is none where lxcfs shows the container’s share', async () => {
    const mounts = [proc(), bind({ source: '/etc/hostname', destination: '/proc/uptime' })]
    const { stdout } = await shell({ tree: tinyRoot(), mounts }, 'cat /proc/uptime')
    expect(stdout).toBe(readFileSync('/etc/hostname', 'utf8'))
  })
})

describe('a shared directory in which names are swapped all the time', () => {
  // Two names change places as fast as a process can: a directory, and a symlink to a victim.
  const racer = (folder: string) => spawn('python3', ['-c', RACER, folder], { stdio: ['ignore', 'pipe', 'inherit'] })

  it('never leads out of the root (CVE-2021-30465, CVE-2024-45310)', async (context) => {
    const shared = temporaryFolder('shared')
    const folder = victim()
    mkdirSync(`${shared}/real`)
    symlinkSync(`../../../../../../../..${folder}`, `${shared}/link`)
    const process = racer(shared)
    try {
      await new Promise((resolve, reject) => {
        process.stdout.once('data', resolve)
        process.once('error', reject)
      }).catch(() => context.skip('needs python3'))
      const before = mountsOfHost()
      const outcomes = new Map<string, number>()
      const root = tinyRoot()
      for (let round = 0; round < 150; round++) {
        const mounts = [bind({ source: shared, destination: '/shared' }), tmpfs({ destination: '/shared/real/a/b' })]
        const outcome = await shell({ tree: root, mounts }, 'true').then(
          () => 'started',
          (error) => error.code as string,
        )
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        rmSync(join(root, folder), { recursive: true, force: true })
      }
      expect(listing(folder)).toEqual(['null: canary', 'ptmx: canary'])
      expect(diffMountinfo(before, mountsOfHost())).toEqual({ added: [], removed: [], changed: [] })
      // Beneath the root either way: on the real directory, or not at all, where the symlink leads nowhere.
      expect(['started', 'ENOTDIR', 'ENOENT', 'RT_UNSAFE']).toEqual(expect.arrayContaining([...outcomes.keys()]))
      expect(outcomes.get('started')).toBeGreaterThan(0)
    } finally {
      process.kill('SIGKILL')
    }
  })
})

const RACER = `
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
a, b = (f"{sys.argv[1]}/{name}".encode() for name in ("real", "link"))
print("ready", flush=True)
while True:
    libc.renameat2(-100, a, -100, b, 2)
`
