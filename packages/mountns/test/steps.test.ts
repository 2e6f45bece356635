// requires nothing
import { exec, root } from '@rt/chroot'
import {
  bind,
  cgroupLayout,
  cgroupMount,
  defaultMounts,
  device,
  devpts,
  directoryTree,
  fileMounts,
  type IdMapping,
  mount,
  namespaces,
  overlayTree,
  parseMountinfo,
  readonlyPaths,
  readonlyRoot,
  sysctls,
  sysfs,
  tmpfs,
} from '@rt/mountns'
import { compile, explain, type Step, type StepList, sequence } from '@rt/program'
import { CLONE_NEWNET, type RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'

/** The system calls of a step, with the process that makes them. What fds stand for is left out. */
function calls(step: StepList): string[] {
  const names = new Set(sequence(step).steps.map(({ name }) => name))
  return explain(sequence(step)).flatMap(({ process, step: name, calls: made }) =>
    names.has(name)
      ? made
          .filter((each) => each.kind === 'call' && isUsual(each.call))
          .map(({ call }) => `${process[0]} ${call.replace(/<[^>]*>/g, '').replace('O_RDONLY|', '')}`)
      : [],
  )
}
/** Not the making of a missing destination: every mount has that, and it has tests of its own. */
const isUsual = (call: string): boolean =>
  !/^(umask|mkdirat\(\$root|mknodat\(|statx\(source)|dir0|"dev", |O_NOFOLLOW/.test(call)

const ATTACH = (name: string) => [
  `i move_mount(${name}, "", dest, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)`,
  'i close(dest)',
  `i close(${name})`,
]
const IN_ROOT = 'resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT'
const NO_SYMLINKS = 'resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_NO_SYMLINKS|RESOLVE_IN_ROOT'

describe('steps, call by call', () => {
  it('a bind is opened outside, made private there, and attached from fd to fd', () => {
    expect(calls(bind({ source: '/srv', destination: '/data', options: ['rro', 'nosuid'] }))).toEqual([
      's open_tree(AT_FDCWD, "/srv", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE)',
      's mount_setattr(source, "", AT_EMPTY_PATH|AT_RECURSIVE, {attr_set=MOUNT_ATTR_RDONLY, propagation=MS_PRIVATE}, 32)',
      's mount_setattr(source, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_NOSUID}, 32)',
      's close(source)',
      `i openat2($root, "data", {flags=O_CLOEXEC|O_PATH, ${IN_ROOT}}, 24)`,
      'i fstatfs(dest, &$statfs)',
      ...ATTACH('source'),
    ])
  })

  it('attributes and propagation of the same reach are one call', () => {
    const attributes = (options: string[]) =>
      calls(bind({ source: '/srv', destination: '/data', options })).filter((each) => each.includes('mount_setattr'))
    const both = '{attr_set=MOUNT_ATTR_RDONLY, propagation=MS_SLAVE}, 32)'
    expect(attributes(['bind', 'ro', 'slave'])).toEqual([`s mount_setattr(source, "", AT_EMPTY_PATH, ${both}`])
    expect(attributes(['rro', 'rslave'])).toEqual([`s mount_setattr(source, "", AT_EMPTY_PATH|AT_RECURSIVE, ${both}`])
  })

  it('a file system of the kernel is made by init, and its destination is no symlink', () => {
    expect(calls(devpts({ gid: null }))).toEqual([
      'i fsopen("devpts", FSOPEN_CLOEXEC)',
      'i fsconfig(fs, FSCONFIG_SET_STRING, "source", "devpts", 0)',
      'i fsconfig(fs, FSCONFIG_SET_FLAG, "newinstance", NULL, 0)',
      'i fsconfig(fs, FSCONFIG_SET_STRING, "ptmxmode", "0666", 0)',
      'i fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0620", 0)',
      'i fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)',
      'i fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|MOUNT_ATTR_NOEXEC)',
      'i close(fs)',
      `i openat2($root, "dev/pts", {flags=O_DIRECTORY|O_CLOEXEC|O_PATH, ${NO_SYMLINKS}}, 24)`,
      ...ATTACH('mount'),
    ])
  })

  it('a disk is opened outside, read-only as a whole', () => {
    expect(calls(mount({ type: 'ext4', source: '/dev/vdb', destination: '/x', options: ['ro'] })).slice(0, 7)).toEqual([
      's fsopen("ext4", FSOPEN_CLOEXEC)',
      's fsconfig(fs, FSCONFIG_SET_STRING, "source", "/dev/vdb", 0)',
      's fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0)',
      's fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)',
      's fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY)',
      's close(fs)',
      's close(mount)',
    ])
  })

  it('a layer gets a name of one byte', () => {
    expect(
      calls(overlayTree({ lower: ['/a,b', '/c:d'], size: '1m' })).filter((call) => /lowerdir|"[ab]"/.test(call)),
    ).toEqual([
      'i mkdirat(AT_FDCWD, "a", 0755)',
      'i move_mount(layer0, "", AT_FDCWD, "a", MOVE_MOUNT_F_EMPTY_PATH)',
      'i mkdirat(AT_FDCWD, "b", 0755)',
      'i move_mount(layer1, "", AT_FDCWD, "b", MOVE_MOUNT_F_EMPTY_PATH)',
      'i fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", "a:b", 0)',
    ])
  })

  it('cgroup v1 is a tmpfs with a mount for each hierarchy and a link for each controller', () => {
    const made = calls(cgroupMount({ version: 1, hierarchies: ['cpu,cpuacct'] }))
    const from = made.indexOf('i fsopen("cgroup", FSOPEN_CLOEXEC)')
    expect(made.slice(from, from + 14)).toEqual([
      'i fsopen("cgroup", FSOPEN_CLOEXEC)',
      'i fsconfig(fs, FSCONFIG_SET_STRING, "source", "cgroup", 0)',
      'i fsconfig(fs, FSCONFIG_SET_FLAG, "cpu", NULL, 0)',
      'i fsconfig(fs, FSCONFIG_SET_FLAG, "cpuacct", NULL, 0)',
      'i fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)',
      'i fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC)',
      'i close(fs)',
      'i mkdirat(mount, "cpu,cpuacct", 0755)',
      'i move_mount(hierarchy, "", place, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)',
      'i close(place)',
      'i close(hierarchy)',
      'i symlinkat("cpu,cpuacct", mount, "cpu")',
      'i symlinkat("cpu,cpuacct", mount, "cpuacct")',
      'i mount_setattr(mount, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_RDONLY}, 32)',
    ])
  })

  it('the type cgroup is what the host has, or the hierarchy that is named', () => {
    const options = ['rprivate', 'nosuid', 'noexec', 'nodev', 'relatime', 'ro']
    const oci = { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options }
    const layout = { version: 1, hierarchies: ['cpu,cpuacct', 'name=systemd'] } as const
    expect(calls(mount({ ...oci, layout }))).toEqual(calls(cgroupMount(layout)))
    expect(calls(mount({ ...oci, layout: { version: 2 } }))).toHaveLength(calls(cgroupMount({ version: 2 })).length + 1)
    expect(calls(mount(oci))).toEqual(calls(mount({ ...oci, layout: cgroupLayout() })))
    const one = calls(mount({ ...oci, options: ['ro', 'memory'], destination: '/m' }))
    expect(one.filter((call) => call.includes('fsconfig(fs, FSCONFIG_SET'))).toEqual([
      'i fsconfig(fs, FSCONFIG_SET_STRING, "source", "cgroup", 0)',
      'i fsconfig(fs, FSCONFIG_SET_FLAG, "memory", NULL, 0)',
    ])
  })

  it('settings are written through the private procfs', () => {
    const step = sysctls({ 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.conf.eth0/1.forwarding': '1' })
    expect(step.needs).toBe(CLONE_NEWNET)
    expect(calls(step).filter((call) => !call.includes('close'))).toEqual([
      'i openat2($proc, "sys/net/ipv4/ip_unprivileged_port_start", {flags=O_WRONLY|O_CLOEXEC, resolve=RESOLVE_NO_SYMLINKS|RESOLVE_BENEATH}, 24)',
      'i write(setting, "0", 1)',
      'i openat2($proc, "sys/net/ipv4/conf/eth0.1/forwarding", {flags=O_WRONLY|O_CLOEXEC, resolve=RESOLVE_NO_SYMLINKS|RESOLVE_BENEATH}, 24)',
      'i write(setting, "1", 1)',
    ])
  })

  it('read-only paths are mounted on themselves; the root needs no mount', () => {
    expect(calls([readonlyPaths(['/proc/sys']), readonlyRoot()])).toEqual([
      'i openat2(directory, path, how, 24)',
      'i fcntl(directory, F_DUPFD_CLOEXEC, 0)',
      'i open_tree(dest, "", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_EMPTY_PATH|AT_RECURSIVE)',
      'i mount_setattr(copy, "", AT_EMPTY_PATH|AT_RECURSIVE, {attr_set=MOUNT_ATTR_RDONLY}, 32)',
      'i move_mount(copy, "", dest, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)',
      'i close(copy)',
      'i close(dest)',
      'i mount_setattr($root, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_RDONLY}, 32)',
    ])
  })

  it('maps are written by init itself only while it is dumpable', () => {
    const map: IdMapping[] = [{ containerID: 0, hostID: 1000, size: 1 }]
    expect(calls(namespaces({ mount: true, user: { how: 'self', uidMap: map, gidMap: map } }))).toEqual([
      expect.stringMatching(/^s clone3\(\{flags=CLONE_PIDFD\|CLONE_NEWNS\|CLONE_PARENT_SETTID\|CLONE_NEWUSER,/),
      'i prctl(PR_SET_DUMPABLE, SUID_DUMP_USER)',
      'i openat(AT_FDCWD, "/proc/self", O_DIRECTORY|O_CLOEXEC|O_PATH)',
      'i fstatfs(self, &$statfs)',
      'i openat(self, "setgroups", O_WRONLY|O_CLOEXEC)',
      'i write(file, "deny", 4)',
      'i close(file)',
      'i openat(self, "uid_map", O_WRONLY|O_CLOEXEC)',
      'i write(file, "0 1000 1\\n", 9)',
      'i close(file)',
      'i openat(self, "gid_map", O_WRONLY|O_CLOEXEC)',
      'i write(file, "0 1000 1\\n", 9)',
      'i close(file)',
      'i close(self)',
      'i prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)',
      'i mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)',
    ])
  })
})

describe('the default mounts', () => {
  const names = (list: StepList): string[] => sequence(list).steps.map(({ name }) => name)
  const mounts = ['/proc', '/dev', '/dev/pts', '/sys', '/sys/fs/cgroup', '/dev/mqueue', '/dev/shm'].map(
    (at) => `mount "${at}"`,
  )
  mounts.splice(2, 0, 'null streams')
  const masks = ['masked paths', 'read-only paths']

  it('come in Docker’s order, the given ones before the masks', () => {
    const given = tmpfs({ destination: '/given' })
    expect(names(defaultMounts({ cgroup: { version: 2 }, mounts: given }))).toEqual([...mounts, given.name, ...masks])
  })

  it('can be left out, and what lies in /dev goes with it', () => {
    expect(names(defaultMounts({ except: ['/dev', '/sys/fs/cgroup'] }))).toEqual([
      'mount "/proc"',
      'mount "/sys"',
      ...masks,
    ])
  })

  it('mask nothing for the privileged', () => {
    expect(names(defaultMounts({ privileged: true, cgroup: { version: 2 } }))).toEqual(mounts)
    expect(JSON.stringify(calls(sysfs({ readonly: false })))).not.toContain('MOUNT_ATTR_RDONLY')
  })

  it('bind what a user namespace cannot have of its own', () => {
    const user = { gidMap: [{ containerID: 0, hostID: 1000, size: 1 }] }
    const opened = (list: StepList) =>
      sequence(list)
        .steps.filter((step) => step['host.open'])
        .map(({ name }) => name)
    expect(opened(defaultMounts({ namespaces: { user, pid: true, net: true, ipc: true } }))).toEqual(['mount "/dev"'])
    expect(opened(defaultMounts({ namespaces: { user } }))).toEqual(
      ['/proc', '/dev', '/sys', '/dev/mqueue', '/dev/shm'].map((at) => `mount "${at}"`),
    )
  })
})

it.each(['x64', 'arm64'] as const)('all of it can be compiled for %s', (arch) => {
  const range = [{ containerID: 0, hostID: 100000, size: 65536 }]
  const plan = sequence(
    namespaces({ mount: true, net: true, cgroup: true, user: { how: 'newuidmap', uidMap: range, gidMap: range } }),
    root(overlayTree({ lower: ['/a', '/b'], idmap: true }), [
      defaultMounts({
        cgroup: { version: 1, hierarchies: ['cpu,cpuacct'] },
        mounts: [
          bind({ source: '/a', destination: '/b/c' }),
          fileMounts([{ destination: '/etc/hosts', content: 'x' }]),
        ],
      }),
      device({ path: '/dev/fuse', type: 'c', major: 10, minor: 229 }),
      readonlyRoot(),
    ]),
    exec(['/bin/true'], { env: [] }),
  )
  expect(compile(plan, { arch }).length).toBeGreaterThan(0)
})

describe('cgroupLayout', () => {
  const line = (place: string, type: string, options: string) =>
    `1 2 0:1 / ${place} rw - ${type} cgroup rw,${options}\n`
  it('tells version 1 and hybrid from version 2', () => {
    const v1 = line('/a', 'cgroup', 'cpu,cpuacct') + line('/b', 'cgroup', 'xattr,name=systemd,release_agent=/x')
    const layout = { version: 1, hierarchies: ['cpu,cpuacct', 'name=systemd'] }
    expect(cgroupLayout(parseMountinfo(v1))).toEqual(layout)
    expect(
      cgroupLayout(parseMountinfo(v1 + line('/c', 'cgroup2', 'nsdelegate') + line('/again', 'cgroup', 'cpu,cpuacct'))),
    ).toEqual(layout)
    expect(cgroupLayout(parseMountinfo(line('/c', 'cgroup2', 'nsdelegate')))).toEqual({ version: 2 })
  })
})

describe('what is just within the limits is taken', () => {
  const node = { path: '/dev/x', type: 'c', major: 1, minor: 1 } as const
  it.each<[string, () => unknown]>([
    ['a name of 255 bytes', () => tmpfs({ destination: `/${'x'.repeat(255)}` })],
    ['a name of 255 bytes in 128 characters', () => tmpfs({ destination: `/x${'é'.repeat(127)}` })],
    ['a path of 4095 bytes', () => tmpfs({ destination: `/${'x'.repeat(255)}`.repeat(16).slice(0, 4095) })],
    ['the device number 0:0', () => device({ ...node, major: 0, minor: 0 })],
    ['the device number 4095:1048575', () => device({ ...node, major: 4095, minor: 1_048_575 })],
    ['the file mode 0', () => device({ ...node, fileMode: 0 })],
    ['the file mode 07777', () => device({ ...node, fileMode: 0o7777 })],
    ['a file of mode 0', () => fileMounts([{ destination: '/x', content: '', mode: 0 }])],
    ['a file of mode 07777', () => fileMounts([{ destination: '/x', content: '', mode: 0o7777 }])],
  ])('%s', (_, make) => {
    expect(() => make()).not.toThrow()
  })
})

describe('bad input is refused, all at once, before anything is made', () => {
  const complaints = (make: () => unknown): string[] => {
    try {
      make()
    } catch (error) {
      return ((error as RtError).complaints ?? []).map(({ path, message }) => `${path}: ${message}`)
    }
    return []
  }

  it.each<[string, () => Step | Step[], string[]]>([
    [
      'a mount of config.json',
      () => mount({ source: 'a', destination: 'b', options: ['rbind', 'size=1', 'tmpcopyup'], index: 3 }),
      [
        'mounts[3].destination: expected an absolute path, got "b"',
        'mounts[3].source: expected an absolute path, got "a"',
        'mounts[3].options: "size" is no option of a bind mount',
        'mounts[3].options[2]: "tmpcopyup" is not supported: overlay the directory with a tmpfs upper instead',
      ],
    ],
    ['a bind without a source', () => mount({ destination: '/x' }), ['source: expected an absolute path, got nothing']],
    [
      'the root as a destination',
      () => tmpfs({ destination: '/a/..' }),
      ['destination: expected a path below "/", got "/": the root is another step'],
    ],
    ['a NUL', () => tmpfs({ destination: '/a\0b' }), ['destination: a NUL byte in "/a\\0b"']],
    [
      'a name that is too long',
      () => tmpfs({ destination: `/${'x'.repeat(256)}` }),
      [expect.stringContaining('longer than 255 bytes')],
    ],
    [
      'a name that is too long in bytes',
      () => tmpfs({ destination: `/${'é'.repeat(128)}` }),
      [expect.stringContaining('longer than 255 bytes')],
    ],
    [
      'devices just outside the limits',
      () => device({ path: '/dev/x', type: 'c', major: -1, minor: 1_048_576, fileMode: -1 }),
      [
        'device.major: expected 0 … 4095, got -1',
        'device.minor: expected 0 … 1048575, got 1048576',
        'device.fileMode: expected 0 … 0o7777, got -1',
      ],
    ],
    [
      'a path that is too long',
      () => tmpfs({ destination: '/x'.repeat(2048) }),
      [expect.stringContaining('longer than 4095 bytes')],
    ],
    [
      'sizes and modes of a tmpfs',
      () => tmpfs({ destination: '/x', options: ['size=64q', 'mode=999', 'uid=root', 'nr_inodes='] }),
      [
        'options: expected bytes with k, m, g, t or %, as in size=64m, got "size=64q"',
        'options: expected an octal mode, as in mode=1777, got "mode=999"',
        'options: expected a user id, got "uid=root"',
        'options: expected a number, got "nr_inodes="',
      ],
    ],
    ['no type', () => mount({ type: '', destination: '/x' }), ['type: expected a file system type, got ""']],
    [
      'a type that has a function of its own',
      () => mount({ type: 'overlay', destination: '/x' }),
      ['type: layers are given one by one: use overlay()'],
    ],
    [
      'cgroups',
      () => mount({ type: 'cgroup', destination: 'x', options: ['memory,../x', 'bind', 'rslave'] }),
      [
        'destination: expected an absolute path, got "x"',
        'hierarchies[0]: expected controllers or name=…, got "memory,../x"',
        'options: "bind" is no option of the container’s own cgroups',
        'options: "rslave" is no option of the container’s own cgroups',
      ],
    ],
    [
      'settings',
      () => sysctls({ 'kernel.panic': '1', '../x': '1', 'net.ipv4..x': '1', 'net.core.somaxconn': '\0' }),
      [
        'kernel.panic: no namespace has it of its own: it would be the host’s setting',
        '../x: expected a name such as net.ipv4.ip_forward, got "../x"',
        'net.ipv4..x: expected a name such as net.ipv4.ip_forward, got "net.ipv4..x"',
        'net.core.somaxconn: a NUL byte in the value',
      ],
    ],
    ['a relative root', () => directoryTree('root'), ['path: expected an absolute path, got "root"']],
    [
      'a device',
      () => device({ path: 'null', type: 'x' as 'c', major: 4096, minor: -1, fileMode: 0o10000 }),
      [
        'device.path: expected an absolute path, got "null"',
        'device.type: expected c, u, b or p, got "x"',
        'device.major: expected 0 … 4095, got 4096',
        'device.minor: expected 0 … 1048575, got -1',
        'device.fileMode: expected 0 … 0o7777, got 4096',
      ],
    ],
    [
      'files',
      () =>
        fileMounts([
          { destination: 'x', content: '', mode: -1 },
          { destination: '/y', content: '' },
        ]),
      ['files[0].destination: expected an absolute path, got "x"', 'files[0].mode: expected 0 … 0o7777, got -1'],
    ],
    [
      'a hierarchy',
      () => cgroupMount({ version: 1, hierarchies: ['cpu', '../x'] }),
      ['hierarchies[1]: expected controllers or name=…, got "../x"'],
    ],
    [
      'propagation and clocks',
      () => namespaces({ propagation: 'rprivate', time: { boottime: 0.5 } }),
      [
        'propagation: without a mount namespace it would change the host’s mounts',
        'time.boottime: expected whole seconds, got 0.5',
      ],
    ],
    [
      'an unknown propagation',
      () => namespaces({ mount: true, propagation: 'public' as 'private' }),
      [expect.stringContaining('got "public"')],
    ],
  ])('%s', (_, make, expected) => {
    expect(complaints(make)).toEqual(expected)
  })
})
