// requires root: real namespaces and mounts, busybox

import { closeSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import {
  bind,
  cgroupLayout,
  defaultMounts,
  device,
  diffMountinfo,
  fileMounts,
  hostTree,
  type MountInfo,
  maskedPaths,
  mount,
  overlayTree,
  privateProc,
  readDevice,
  readHostTree,
  readonlyPaths,
  readonlyRoot,
  tmpfs,
} from '@rt/mountns'
import { apply, PROC } from '@rt/program'
import { structLayout, syscall } from '@rt/sys'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { mountsInside, mountsOfHost, runInMountNamespace, shell, shellPlan, tinyRoot } from './inside.js'

beforeEach((context) => needs(context, 'root', 'busybox'))

const line = ({ mountPoint, type, options }: MountInfo): string => `${mountPoint} ${type} ${options.join(',')}`

describe('Docker’s default mounts', () => {
  let root: string
  let before: MountInfo[]
  let inside: MountInfo[]
  beforeAll(async () => {
    root = tinyRoot()
    before = mountsOfHost()
    inside = await mountsInside({ tree: root, mounts: defaultMounts({ cgroup: cgroupLayout(before) }) })
  })
  const below = (prefix: string) => inside.filter(({ mountPoint }) => mountPoint.startsWith(prefix)).map(line)

  it('are mounted with Docker’s options, in Docker’s order', () => {
    const notMasked = inside.filter(({ mountPoint }) => !/^\/(proc|sys)\/./.test(mountPoint)).map(line)
    expect(notMasked).toEqual([
      expect.stringMatching(/^\/ /),
      '/proc proc rw,nosuid,nodev,noexec,relatime',
      '/dev tmpfs rw,nosuid',
      '/dev/pts devpts rw,nosuid,noexec,relatime',
      '/sys sysfs ro,nosuid,nodev,noexec,relatime',
      '/dev/mqueue mqueue rw,nosuid,nodev,noexec,relatime',
      '/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime',
    ])
  })

  it('name a source, so that no mount table says none', () => {
    expect(inside.filter(({ source }) => source === 'none')).toEqual([])
  })

  it('hide what tells about the host', () => {
    const masked = below('/proc/').filter((each) => !/ (proc|tmpfs) /.test(each))
    expect(masked).toContain('/proc/keys devtmpfs ro,relatime')
    expect(below('/sys/firmware')).toEqual(['/sys/firmware tmpfs ro,nosuid,nodev,noexec,relatime'])
  })

  it('make settings of the host read-only', () => {
    expect(below('/proc/sys')).toContain('/proc/sys proc ro,nosuid,nodev,noexec,relatime')
  })

  it('show each cgroup hierarchy read-only', (context) => {
    const layout = cgroupLayout(before)
    if (layout.version === 2) return context.skip('needs cgroup v1')
    expect(below('/sys/fs/cgroup')[0]).toBe('/sys/fs/cgroup tmpfs ro,nosuid,nodev,noexec,relatime')
    const cgroups = inside.filter(({ type }) => type === 'cgroup')
    expect(cgroups.map(({ mountPoint }) => mountPoint)).toEqual(
      layout.hierarchies.map((each) => `/sys/fs/cgroup/${each.replace('name=', '')}`),
    )
    expect(cgroups.every(({ options, root: group }) => options.includes('ro') && group === '/')).toBe(true)
  })

  it('let nothing be written in any cgroup, of any hierarchy (CVE-2023-25809, CVE-2022-0492)', async () => {
    const script =
      'for each in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $each/x && echo made $each/x; done; for file in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/*/release_agent; do : >> $file && echo opened $file; done'
    const { stdout, stderr } = await shell(
      { tree: root, mounts: defaultMounts({ cgroup: cgroupLayout(before) }) },
      script,
    )
    expect(stdout).toBe('')
    const hierarchies = cgroupLayout(before).version === 1 ? below('/sys/fs/cgroup/').length : 1
    expect(stderr.match(/Read-only file system/g)?.length).toBeGreaterThan(hierarchies)
  })

  it('leave nothing on the host', () => {
    expect(diffMountinfo(before, mountsOfHost())).toEqual({ added: [], removed: [], changed: [] })
  })

  it('are all private', () => {
    expect(inside.filter(({ propagation }) => propagation.length > 0)).toEqual([])
  })
})

describe('/dev', () => {
  it('has the default devices and links, whatever the umask', async () => {
    const umask = process.umask(0o77)
    const { stdout } = await shell({ tree: tinyRoot(), mounts: defaultMounts() }, LIST_DEV).finally(() =>
      process.umask(umask),
    )
    expect(stdout.trim().split('\n')).toEqual([
      'crw-rw-rw- 1,3 /dev/null',
      'crw-rw-rw- 1,5 /dev/zero',
      'crw-rw-rw- 1,7 /dev/full',
      'crw-rw-rw- 1,8 /dev/random',
      'crw-rw-rw- 1,9 /dev/urandom',
      'crw-rw-rw- 5,0 /dev/tty',
      '/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/kcore pts/ptmx',
      'drwxrwxrwt /dev/shm',
    ])
  })

  it('has a terminal of its own', async () => {
    const { stdout, stderr } = await shell(
      { tree: tinyRoot(), mounts: defaultMounts() },
      'exec 3<>/dev/ptmx; ls /dev/pts',
    )
    expect(stdout + stderr).toBe('0\nptmx\n')
  })

  it('gets extra devices, in a directory of their own if need be', async () => {
    const fuse = readDevice('/dev/full', '/dev/a/b/other')
    const { stdout } = await shell(
      { tree: tinyRoot(), mounts: [defaultMounts(), device({ ...fuse, fileMode: 0o640, uid: 1, gid: 44 })] },
      'stat -c "%A %t,%T %u:%g %n" /dev/a/b/other',
    )
    expect(stdout).toBe('crw-r----- 1,7 1:44 /dev/a/b/other\n')
  })

  it('gets devices by all bits of their numbers, made or found', async () => {
    const root = tinyRoot()
    const numbers = [
      [4, 255],
      [4, 256],
      [259, 65_537],
      [4095, 1_048_575],
    ] as const
    const nodes = numbers.map(([major, minor], i) => ({ path: `/dev/d${i}`, type: 'c', major, minor }) as const)
    const list = `stat -c %t,%T ${nodes.map(({ path }) => path).join(' ')}`
    const hex = numbers.map((pair) => `${pair.map((number) => number.toString(16)).join(',')}\n`).join('')
    for (const run of ['made', 'found']) {
      const { stdout, stderr } = await shell({ tree: root, mounts: nodes.map((node) => device(node)) }, list)
      expect({ run, stdout, stderr }).toEqual({ run, stdout: hex, stderr: '' })
    }
    for (const node of nodes) {
      expect(readDevice(`${root}${node.path}`)).toMatchObject({ major: node.major, minor: node.minor })
    }
    // Its low eight bits are the right ones.
    const other = device({ path: '/dev/d1', type: 'c', major: 4, minor: 0 })
    await expect(shell({ tree: root, mounts: other }, 'true')).rejects.toThrow('expected the device c 4:0 at "/dev/d1"')
  })

  it.each<[string, () => Parameters<typeof shell>[0]['tree']]>([
    ['a directory', tinyRoot],
    ['an overlay', () => overlayTree({ lower: [tinyRoot()] })],
    ['the host’s tree', () => hostTree(readHostTree())],
  ])('and all that is made besides leave the umask as it was: on %s', async (_, tree) => {
    const umask = process.umask(0o27)
    const mounts = [
      defaultMounts(),
      device({ path: '/dev/a/b/null', type: 'c', major: 1, minor: 3 }),
      bind({ source: '/etc/hostname', destination: '/run/not/there/yet' }),
      tmpfs({ destination: '/run/not/there/either' }),
      fileMounts([{ destination: '/run/text', content: 'text\n' }]),
    ]
    const script = 'umask; stat -c %a /run/not/there'
    const { stdout, stderr } = await shell({ tree: tree(), mounts }, script).finally(() => process.umask(umask))
    expect(stdout + stderr).toBe('0027\n755\n')
  })

  it('can be a plain directory, if what lies there is the device it should be', async () => {
    const root = tinyRoot()
    const zero = device({ path: '/dev/zero', type: 'c', major: 1, minor: 5 })
    for (const run of [1, 2]) {
      const { stdout, exit } = await shell({ tree: root, mounts: zero }, 'stat -c %t,%T /dev/zero')
      expect({ run, stdout, exit }).toEqual({ run, stdout: '1,5\n', exit: { code: 0 } })
    }
    const full = device({ path: '/dev/zero', type: 'c', major: 1, minor: 7 })
    await expect(shell({ tree: root, mounts: full }, 'true')).rejects.toThrow(
      'expected the device c 1:7 at "/dev/zero", got another file',
    )
  })
})

const LIST_DEV =
  'cd /dev; stat -c "%A %t,%T %n" /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty; ' +
  'echo $(for l in fd stdin stdout stderr core ptmx; do readlink $l; done); stat -c "%A %n" /dev/shm'

describe('bind mounts', () => {
  const at = (mounts: readonly MountInfo[], mountPoint: string) =>
    mounts.filter((each) => each.mountPoint === mountPoint)

  it('set attributes of the mount alone or of all below it', async () => {
    const root = tinyRoot()
    const inside = await mountsInside({
      tree: root,
      mounts: [
        defaultMounts(),
        bind({ source: '/dev', destination: '/top', options: ['ro', 'nosuid', 'noatime', 'nosymfollow'] }),
        bind({ source: '/dev', destination: '/all', options: ['rro', 'rnoexec'] }),
        bind({ source: '/dev', destination: '/one', options: ['bind'] }),
      ],
    })
    expect(at(inside, '/top')[0]?.options).toEqual(['ro', 'nosuid', 'noatime', 'nosymfollow'])
    expect(at(inside, '/top/pts')[0]?.options).toContain('rw')
    expect(at(inside, '/all')[0]?.options).toEqual(['ro', 'noexec', 'relatime'])
    expect(at(inside, '/all/pts')[0]?.options.slice(0, 2)).toEqual(['ro', 'noexec'])
    expect(at(inside, '/one')).toHaveLength(1)
    expect(at(inside, '/one/pts')).toEqual([])
  })

  it('put a file on a file and a directory on a directory', async () => {
    const source = temporaryFolder('source')
    writeFileSync(`${source}/file`, 'content\n')
    const { stdout } = await shell(
      {
        tree: tinyRoot(),
        mounts: [
          bind({ source: `${source}/file`, destination: '/etc/hostname' }),
          bind({ source, destination: '/new/deep/directory' }),
          bind({ source: `${source}/file`, destination: '/new/file' }),
        ],
      },
      'cat /etc/hostname /new/deep/directory/file /new/file; stat -c "%a %F" /new /new/deep /new/deep/directory',
    )
    expect(stdout).toBe('content\ncontent\ncontent\n755 directory\n755 directory\n700 directory\n')
  })

  it('refuse a file on a directory, and say so', async () => {
    const mounts = bind({ source: '/etc/passwd', destination: '/etc', origin: '--volume' })
    await expect(shell({ tree: tinyRoot(), mounts }, 'true')).rejects.toMatchObject({
      code: 'EINVAL',
      step: 'mount "/etc"',
      origin: '--volume',
      hint: expect.stringContaining('a file only on a file: look at "/etc"'),
    })
  })

  it('refuse a source that is not there', async () => {
    const mounts = bind({ source: '/rt-no-such', destination: '/x' })
    await expect(shell({ tree: tinyRoot(), mounts }, 'true')).rejects.toMatchObject({
      code: 'ENOENT',
      hint: '"/rt-no-such" does not exist on the host: make it first',
    })
  })

  it('work with names that hold what tables and options give a meaning', async () => {
    const source = `${temporaryFolder('odd')}/a,b:c\\d e\nf`
    mkdirSync(source)
    writeFileSync(`${source}/file`, 'odd\n')
    const { stdout } = await shell(
      { tree: tinyRoot(), mounts: bind({ source, destination: '/x,y:z\\w v\nu' }) },
      'cat "/x,y:z\\w v\nu/file"',
    )
    expect(stdout).toBe('odd\n')
  })
})

describe('paths', () => {
  it('are read-only with what is mounted below them', async () => {
    const volume = temporaryFolder('volume')
    mkdirSync(`${volume}/fixed/deep`, { recursive: true })
    const mounts = [
      bind({ source: volume, destination: '/data' }),
      tmpfs({ destination: '/data/fixed/deep' }),
      readonlyPaths(['/data/fixed']),
    ]
    const { stdout, stderr } = await shell(
      { tree: tinyRoot(), mounts },
      'for d in /data /data/fixed /data/fixed/deep; do touch $d/x && echo wrote $d; done',
    )
    expect(stdout).toBe('wrote /data\n')
    expect(stderr.match(/Read-only file system/g)).toHaveLength(2)
  })

  it('are masked in the mounts that hold them: a file, a directory, a mount itself', async () => {
    const volume = temporaryFolder('volume')
    mkdirSync(`${volume}/a/b`, { recursive: true })
    for (const file of ['a/file', 'a/b/file', 'one']) writeFileSync(`${volume}/${file}`, 'secret')
    const mounts = [
      bind({ source: volume, destination: '/data' }),
      bind({ source: `${volume}/one`, destination: '/one' }),
      bind({ source: `${volume}/a`, destination: '/data/a/b' }),
      maskedPaths(['/data/a/file', '/data/a/b/b', '/one', '/data/absent', '/data/one/absent', '/data/a/file']),
    ]
    const { stdout } = await shell(
      { tree: tinyRoot(), mounts },
      'cat /data/a/file /one | wc -c; ls -A /data/a/b/b | wc -l; cat /data/a/b/file; cat /data/one',
    )
    expect(stdout).toBe('0\n0\nsecretsecret')
  })
})

it('a directory as the root comes with what is mounted below it', () => {
  const root = tinyRoot()
  mkdirSync(`${root}/sub`)
  const plan = shellPlan({ tree: root }, 'cat /sub/file')
  const { stdout } = runInMountNamespace(plan, `mount -t tmpfs x ${root}/sub && echo there > ${root}/sub/file`)
  expect(stdout).toBe('there\n')
})

describe('other mounts', () => {
  it('tmpfs has size and mode', async () => {
    const { stdout } = await shell(
      {
        tree: tinyRoot(),
        mounts: [
          defaultMounts(),
          tmpfs({ destination: '/cache', options: ['size=64k', 'mode=750', 'exec', 'uid=1000'] }),
        ],
      },
      'grep /cache /proc/self/mountinfo | cut -d" " -f5-6,9-; stat -c "%a %u" /cache; head -c 70000 /dev/zero > /cache/x; stat -c %s /cache/x',
    )
    expect(stdout).toBe('/cache rw,nosuid,nodev,relatime tmpfs rw,size=64k,mode=750,uid=1000\n750 1000\n65536\n')
  })

  it('an option that no one knows is told by its name', async () => {
    const mounts = mount({ type: 'tmpfs', destination: '/x', options: ['nosiud'] })
    await expect(shell({ tree: tinyRoot(), mounts }, 'true')).rejects.toMatchObject({
      syscall: 'fsconfig',
      code: 'EINVAL',
      hint: expect.stringContaining('"nosiud" is neither an option of mounts nor one that tmpfs knows'),
    })
  })

  it('a file system that the kernel lacks is told', async () => {
    const mounts = mount({ type: 'rtfs', destination: '/x' })
    await expect(shell({ tree: tinyRoot(), mounts }, 'true')).rejects.toMatchObject({ code: 'ENODEV' })
  })

  it('files come with their content and mode, over symlinks to nowhere too', async () => {
    const root = tinyRoot()
    symlinkSync('../run/systemd/resolve/stub-resolv.conf', `${root}/etc/resolv.conf`)
    const before = readFileSync(`${root}/etc/hosts`, 'utf8')
    const { stdout } = await shell(
      {
        tree: root,
        mounts: fileMounts([
          { destination: '/etc/hosts', content: '127.0.0.1 me\n' },
          { destination: '/etc/resolv.conf', content: 'nameserver 192.0.2.1\n', mode: 0o600 },
          { destination: '/run/secrets/empty', content: new Uint8Array(), mode: 0o400 },
        ]),
      },
      'cat /etc/hosts /etc/resolv.conf; stat -c "%a %s" /etc/hosts /etc/resolv.conf /run/secrets/empty; echo more >> /etc/hosts',
    )
    expect(stdout).toBe('127.0.0.1 me\nnameserver 192.0.2.1\n644 13\n600 21\n400 0\n')
    expect(readFileSync(`${root}/etc/hosts`, 'utf8')).toBe(before)
  })

  it('files with content can be neither set-uid nor devices nor executed', async () => {
    const mounts = [defaultMounts(), fileMounts([{ destination: '/etc/hosts', content: '' }])]
    const inside = await mountsInside({ tree: tinyRoot(), mounts })
    expect(inside.filter(({ mountPoint }) => mountPoint === '/etc/hosts').map(line)).toEqual([
      '/etc/hosts tmpfs rw,nosuid,nodev,noexec,relatime',
    ])
  })

  it('the private procfs can’t be executed from either', () => {
    const applied = apply(privateProc())
    const fd = applied.word(PROC)
    try {
      const { size, fields } = structLayout('statfs')
      const statfs = Buffer.alloc(size)
      syscall('fstatfs', fd, statfs)
      // ST_NOSUID | ST_NODEV | ST_NOEXEC of statfs(2).
      expect(statfs.readUInt32LE(fields.f_flags?.offset) & 0b1110).toBe(0b1110)
    } finally {
      closeSync(fd)
    }
  })

  it('a read-only root has what is mounted on it writable', async () => {
    const { stdout, stderr } = await shell(
      { tree: overlayTree({ lower: [tinyRoot()] }), mounts: [tmpfs({ destination: '/new' }), readonlyRoot()] },
      'touch /new/x && echo yes; touch /x',
    )
    expect(stdout).toBe('yes\n')
    expect(stderr).toContain('Read-only file system')
  })
})
