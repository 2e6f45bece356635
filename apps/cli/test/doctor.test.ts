// requires nothing; the last test looks at this host
import type { CgroupHost, Hierarchy } from '@rt/cgroups'
import { ERRNO } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import type { Host } from '../src/doctor/check.js'
import { thisHost } from '../src/doctor/host.js'
import { checkHost, formatChecks } from '../src/doctor/report.js'

const FILES: Readonly<Record<string, string>> = {
  '/proc/self/status': 'Name:\tnode\nCapEff:\t000001ffffffffff\n',
  '/proc/filesystems': 'nodev\tproc\nnodev\toverlay\n\text4\n',
  '/proc/self/mountinfo': '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n',
  '/proc/self/uid_map': '         0          0 4294967295\n',
  '/proc/sys/user/max_user_namespaces': '63000\n',
  '/proc/sys/kernel/seccomp/actions_avail': 'kill_process kill_thread trap errno user_notif trace log allow\n',
  '/etc/subuid': 'root:100000:65536\nann:200000:65536\n',
  '/etc/subgid': 'root:100000:65536\n1000:200000:65536\n',
}
const PRESENT = ['/proc/self/ns/user', '/usr/bin/newuidmap', '/usr/bin/newgidmap']

const V2: CgroupHost = {
  mode: 'v2',
  hierarchies: [
    {
      version: 2,
      mountPoint: '/sys/fs/cgroup',
      controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
      readOnly: false,
      own: '/sys/fs/cgroup',
      top: '/sys/fs/cgroup',
      files: [],
    },
  ],
  hugePageSizes: [],
}
const [{ top: _, ...CLOSED }] = V2.hierarchies as [Hierarchy]

/** A healthy host, but for what is given. */
function host(changes: Partial<Host> & { files?: Record<string, string | undefined>; absent?: string[] } = {}): Host {
  const files: Record<string, string | undefined> = { ...FILES, ...changes.files }
  return {
    read: (path) => files[path],
    exists: (path) => PRESENT.includes(path) && !changes.absent?.includes(path),
    call: () => -ERRNO.EINVAL,
    cgroups: V2,
    uid: 0,
    userName: 'root',
    release: '6.8.0-45-generic',
    arch: 'x64',
    ...changes,
  }
}

const UNCONFINED = '--security-opt seccomp=unconfined runs containers without a filter'

/** What is not ok. */
const troubles = (found: Host) => checkHost(found).filter(({ status }) => status !== 'ok')

describe('rt doctor', () => {
  it('finds a healthy host healthy', () => {
    expect(troubles(host())).toEqual([])
    expect(
      troubles(host({ uid: 1000, userName: 'ann', files: { '/proc/self/status': 'CapEff:\t0000000000000000\n' } })),
    ).toEqual([])
  })

  it.each<[string, Host, string]>([
    [
      'an outer filter, under which a container can have another',
      host({ files: { '/proc/self/status': 'CapEff:\t000001ffffffffff\nSeccomp:\t2\n' } }),
      'seccomp: filters that return kill_process, kill_thread, trap, errno, user_notif, trace, log, allow; rt runs under a filter itself',
    ],
    [
      'a process without a filter',
      host({ files: { '/proc/self/status': 'CapEff:\t000001ffffffffff\nSeccomp:\t0\n' } }),
      'seccomp: filters that return kill_process, kill_thread, trap, errno, user_notif, trace, log, allow',
    ],
    [
      'a kernel without keys',
      host({ call: (name) => -ERRNO[name === 'keyctl' ? 'ENOSYS' : 'EINVAL'] }),
      'keyrings: the kernel has no keys, or an outer filter hides them',
    ],
    [
      'a caller who has no session keyring yet',
      host({ call: (name) => -ERRNO[name === 'keyctl' ? 'ENOKEY' : 'EINVAL'] }),
      'keyrings: a session keyring for each container',
    ],
    ['a kernel that mounts no files', host(), 'image layers: unpacked: Linux 6.12 could mount them as EROFS'],
    [
      'a kernel that mounts files',
      host({ release: '6.12.1', files: { '/proc/filesystems': 'nodev\toverlay\n\terofs\n' } }),
      'image layers: mounted as EROFS, where the file system of the store lets them be',
    ],
    [
      'a kernel that could, and would panic',
      host({
        release: '7.0.0',
        files: { '/proc/filesystems': 'nodev\toverlay\n\terofs\n', '/proc/sys/kernel/panic_on_warn': '1\n' },
      }),
      'image layers: unpacked: kernel.panic_on_warn is set',
    ],
    [
      'a store',
      host({ files: { '/var/lib/rt/images/oci-layout': '{"imageLayoutVersion": "1.0.0"}' } }),
      'image store: /var/lib/rt/images, an OCI layout 1.0.0',
    ],
    ['no store', host(), 'image store: none yet: /var/lib/rt/images'],
  ])('finds %s to be no trouble', (_, found, line) => {
    expect(troubles(found)).toEqual([])
    expect(checkHost(found).map(({ name, finding }) => `${name}: ${finding}`)).toContain(line)
  })

  it.each<[string, Host, object]>([
    [
      'a kernel that is too old',
      host({ release: '5.10.0-8-amd64' }),
      { name: 'kernel', status: 'fail', finding: 'Linux 5.10.0-8-amd64: rt needs 5.15 or newer' },
    ],
    ['a kernel of another era', host({ release: '4.19.0' }), { name: 'kernel', status: 'fail' }],
    ['another processor', host({ arch: 'riscv64' }), { name: 'processor', status: 'fail', finding: 'riscv64' }],
    [
      'a seccomp filter that hides the mount API',
      host({
        call: (name) =>
          /mount|open_tree|^fs/.test(name) && name !== 'statmount' && name !== 'listmount'
            ? -ERRNO.ENOSYS
            : -ERRNO.EINVAL,
      }),
      {
        name: 'system calls',
        status: 'fail',
        finding: 'missing: fsconfig, fsmount, fsopen, mount_setattr, move_mount, open_tree',
      },
    ],
    [
      'memfds that may not be executed',
      host({ files: { '/proc/sys/vm/memfd_noexec': '2\n' } }),
      { name: 'memfd exec', status: 'warn' },
    ],
    [
      'a kernel without seccomp filters',
      host({ files: { '/proc/sys/kernel/seccomp/actions_avail': undefined } }),
      {
        name: 'seccomp',
        status: 'fail',
        finding: 'the kernel has no filters of system calls (CONFIG_SECCOMP_FILTER)',
        remedy: UNCONFINED,
      },
    ],
    [
      'filters that can’t return what the default one does',
      host({ files: { '/proc/sys/kernel/seccomp/actions_avail': 'kill_process trap errno log\n' } }),
      { name: 'seccomp', status: 'fail', finding: 'filters can’t return allow, kill_thread', remedy: UNCONFINED },
    ],
    ...(['EPERM', 'ENOSYS'] as const).map((errno): [string, Host, object] => [
      `an outer filter that answers seccomp(2) with ${errno}`,
      host({ call: (name) => -ERRNO[name === 'seccomp' ? errno : 'EINVAL'] }),
      { name: 'seccomp', status: 'fail', finding: 'an outer filter forbids seccomp(2)', remedy: UNCONFINED },
    ]),
    ...(['EPERM', 'EACCES'] as const).map((errno): [string, Host, object] => [
      `an outer filter that answers keyctl(2) with ${errno}`,
      host({ call: (name) => -ERRNO[name === 'keyctl' ? errno : 'EINVAL'] }),
      { name: 'keyrings', status: 'warn', finding: 'keyctl(2) is refused' },
    ]),
    [
      'root without CAP_SYS_ADMIN',
      host({ files: { '/proc/self/status': 'CapEff:\t000001ffffdfffff\n' } }),
      { name: 'capabilities', status: 'fail', finding: 'missing: CAP_SYS_ADMIN (namespaces, mounts, pivot_root)' },
    ],
    [
      'root without CAP_SYS_RESOURCE',
      host({ files: { '/proc/self/status': 'CapEff:\t000001fffeffffff\n' } }),
      { name: 'capabilities', status: 'warn' },
    ],
    [
      'a kernel without overlay',
      host({
        files: { '/proc/filesystems': '\text4\n' },
        call: (name) => (name === 'fsopen' ? -ERRNO.ENODEV : -ERRNO.EINVAL),
      }),
      { name: 'overlay', status: 'fail' },
    ],
    [
      'a plain user for whom Debian forbids user namespaces',
      host({ uid: 1000, userName: 'ann', files: { '/proc/sys/kernel/unprivileged_userns_clone': '0\n' } }),
      { name: 'user namespaces', status: 'fail' },
    ],
    [
      'a plain user for whom AppArmor forbids user namespaces',
      host({ uid: 1000, userName: 'ann', files: { '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n' } }),
      { name: 'user namespaces', status: 'fail' },
    ],
    [
      'no user namespaces for anybody',
      host({ files: { '/proc/sys/user/max_user_namespaces': '0\n' } }),
      { name: 'user namespaces', status: 'warn' },
    ],
    [
      'a chroot',
      host({ files: { '/proc/self/mountinfo': '30 22 0:5 / /proc rw - proc proc rw\n' } }),
      { name: 'user namespaces', status: 'warn' },
    ],
    [
      'no cgroups',
      host({ cgroups: { mode: 'none', hierarchies: [], hugePageSizes: [] } }),
      { name: 'cgroups', status: 'warn' },
    ],
    [
      'cgroups that are read-only',
      host({ cgroups: { ...V2, hierarchies: [{ ...CLOSED, readOnly: true }] } }),
      {
        name: 'cgroups',
        status: 'warn',
        finding: 'version 2; v2: cpuset cpu io memory pids; cannot limit memory, cpu, cpuset, pids, devices',
        remedy: 'an outer container mounts them read-only: start that one as privileged',
      },
    ],
    [
      'a plain user without a delegated subtree',
      host({ uid: 1000, userName: 'ann', cgroups: { ...V2, hierarchies: [CLOSED] } }),
      { name: 'cgroups', status: 'warn', remedy: expect.stringContaining('Delegate=yes') },
    ],
    ['a user without ids to map', host({ uid: 1001, userName: 'bob' }), { name: 'subuid, subgid', status: 'warn' }],
    [
      'a user without newuidmap',
      host({ uid: 1000, userName: 'ann', absent: ['/usr/bin/newuidmap'] }),
      { name: 'subuid, subgid', status: 'warn' },
    ],
  ])('notices %s, and says what to do', (_, found, check) => {
    expect(troubles(found)).toEqual([expect.objectContaining({ remedy: expect.stringMatching(/\w/), ...check })])
  })

  it('prints a line each, and the remedy below it', () => {
    expect(
      formatChecks([
        { name: 'a', status: 'ok', finding: 'fine' },
        { name: 'b', status: 'warn', finding: 'odd', remedy: 'do' },
      ]),
    ).toBe('ok    a                fine\nwarn  b                odd\n                       remedy: do\n')
  })

  it('looks at this host without changing it', () => {
    const names = checkHost(thisHost()).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['kernel', 'system calls', 'overlay', 'user namespaces']))
  })
})
