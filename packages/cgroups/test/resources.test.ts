// pure: resources that make no sense, and what a host cannot do
import { formatError, RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { type CgroupHost, DEFAULT_DEVICES, planCreation, type Resources } from '../src/index.js'
import { DELEGATED_HOST, HYBRID_HOST, V1_HOST, V2_HOST } from './hosts.js'

/** The complaints as lines. */
function complaints(host: CgroupHost, resources: Resources, code: string): string[] {
  try {
    planCreation(host, '/rt/demo', resources)
  } catch (error) {
    if (!RtError.isInstance(error)) throw error
    expect(error.code).toBe(code)
    return error.complaints?.map(({ path, message }) => `${path}: ${message}`) ?? []
  }
  return []
}
const invalid = (resources: Resources) => complaints(V2_HOST, resources, 'RT_INVALID_OPTION')
const unsupported = (host: CgroupHost, resources: Resources) => complaints(host, resources, 'RT_UNSUPPORTED')

describe('resources that make no sense', () => {
  it('are refused all at once', () => {
    expect(
      invalid({
        memory: { max: 'lots', reservation: '-3' },
        cpu: { shares: 1, quota: 10, period: 2_000_000, burst: -1 },
        cpuset: { cpus: '0-', mems: 'a' },
        pids: { max: -1 },
        io: {
          weight: 5,
          weightDevice: [{ device: 'sda', weight: 9 }],
          throttle: [{ device: '8', rbps: 0, wiops: 0.5 }],
        },
        hugetlb: { '2M': '1M', '2MB': 'x' },
        rdma: { 'a b': { hca_handle: -1 } },
        devices: [{ allow: true, type: 'a', major: 1, access: 'rr' }],
        unified: { 'memory/high': '1', 'cgroup.procs': '0', 'memory.high': '' },
      }),
    ).toEqual([
      'memory.max: expected a size such as 64M, 1.5g or a number of bytes, got "lots"',
      'memory.reservation: expected a size such as 64M, 1.5g or a number of bytes, got "-3"',
      'io.weight: expected a whole number from 10 to 1000, got 5',
      'io.weightDevice[0].device: expected MAJOR:MINOR, got "sda"',
      'io.weightDevice[0].weight: expected a whole number from 10 to 1000, got 9',
      'io.throttle[0].device: expected MAJOR:MINOR, got "8"',
      'io.throttle[0].wiops: expected a whole number from 1 or "max", got 0.5',
      'io.throttle[0].rbps: expected a whole number from 1 or "max", got 0',
      'hugetlb.2M: expected a page size such as 2MB or 1GB, got "2M"',
      'hugetlb.2MB: expected a size such as 64M, 1.5g or a number of bytes, got "x"',
      'cpu.shares: expected a whole number from 2 to 262144, got 1',
      'cpu.quota: expected a whole number from 1000 or "max", got 10',
      'cpu.period: expected a whole number from 1000 to 1000000, got 2000000',
      'cpu.burst: expected a whole number from 0, got -1',
      'cpuset.cpus: expected a list such as 0-2,4, got "0-"',
      'cpuset.mems: expected a list such as 0-2,4, got "a"',
      'pids.max: expected a whole number from 0 to 4194304 or "max", got -1',
      'rdma.a b: expected the name of an RDMA device, got "a b"',
      'rdma.a b.hca_handle: expected a whole number from 0 to 2147483647 or "max", got -1',
      'devices[0].access: expected some of r, w, m, each once, got "rr"',
      'devices[0].type: expected "b" or "c" beside a number: "a" stands for all devices',
      'unified["memory/high"]: expected the name of a cgroup v2 file, such as memory.high',
      'unified["cgroup.procs"]: cgroup.procs is not a limit',
      'unified["memory.high"]: expected text to write, got ""',
    ])
  })

  it('limits that contradict each other', () => {
    expect(invalid({ memory: { swap: '1g' } })).toEqual([
      'memory.swap: set memory.max too: this limit is for memory and swap together',
    ])
    expect(invalid({ memory: { max: '512m', swap: '256m', reservation: '1g' } })).toEqual([
      'memory.swap: expected at least memory.max (512 MiB), got 256 MiB: it counts memory and swap',
      'memory.reservation: expected at most memory.max (512 MiB), got 1 GiB',
    ])
    expect(invalid({ memory: { max: -1, swap: '256m' } })).toHaveLength(1)
    expect(invalid({ cpu: { quota: 1000, burst: 2000, idle: true, shares: 2 } })).toEqual([
      'cpu.burst: expected at most cpu.quota (1000), got 2000',
      'cpu.idle: an idle group has no cpu.shares: leave one of them out',
    ])
  })

  it('0 is a limit, undefined is none', () => {
    expect(invalid({ pids: { max: 0 }, memory: { max: 0, swap: 0 }, cpu: { burst: 0 } })).toEqual([])
    expect(invalid({ pids: { max: undefined }, memory: undefined })).toEqual([])
  })

  it('are named as the user asked for them', () => {
    const names = { 'pids.max': '--pids-limit -5', 'memory.max': '-m lots' }
    const plan = () => planCreation(V1_HOST, '/rt/x', { pids: { max: -5 }, memory: { max: 'lots' } }, { names })
    expect(plan).toThrow(
      expect.objectContaining({
        complaints: [
          expect.objectContaining({ path: '-m lots' }),
          expect.objectContaining({ path: '--pids-limit -5', message: expect.stringContaining('got -5') }),
        ],
      }),
    )
  })
})

describe('a path of groups', () => {
  const wrong = {
    'rt/demo': 'does not start with "/"',
    '/': 'names no group below the top',
    '//': 'names no group below the top',
    '/rt/../x': 'has ".." in it',
    '/./x': 'has "." in it',
    '/a\nb': 'newline',
    [`/${'x'.repeat(256)}`]: '255 bytes',
    '/rt/cgroup.procs': "cgroup's own files",
    '/memory.max': "cgroup's own files",
  }
  it.each(Object.entries(wrong))('%j is refused', (path, why) => {
    expect(() => planCreation(V2_HOST, path, {})).toThrow(
      expect.objectContaining({ code: 'RT_INVALID_OPTION', hint: expect.stringContaining(why) }),
    )
  })

  it('may have slashes too many', () => {
    expect(planCreation(V2_HOST, '//rt///demo/', {}).groups[0]?.directory).toBe('/sys/fs/cgroup/rt/demo')
  })
})

describe('what a host cannot do is said', () => {
  it('no such controller', () => {
    expect(unsupported(HYBRID_HOST, { memory: { max: '1g', swap: '2g' }, io: { weight: 10, throttle: [] } })).toEqual([
      'memory.max: no memory controller in any mounted hierarchy (there are: pids, freezer, hugetlb); Raspberry Pi OS and old Debian want cgroup_enable=memory at boot',
      'memory.swap: no memory controller in any mounted hierarchy (there are: pids, freezer, hugetlb); Raspberry Pi OS and old Debian want cgroup_enable=memory at boot',
      'io.weight: no io controller in any mounted hierarchy (there are: pids, freezer, hugetlb)',
    ])
  })

  it('no cgroups at all', () => {
    const none: CgroupHost = { mode: 'none', hierarchies: [], hugePageSizes: [] }
    expect(unsupported(none, { pids: { max: 1 } })).toEqual([
      'pids.max: no cgroup file system is mounted: mount one on /sys/fs/cgroup',
    ])
    expect(() => planCreation(none, '/rt/x', {})).toThrow(expect.objectContaining({ code: 'RT_UNSUPPORTED' }))
  })

  it('a controller that is not delegated', () => {
    expect(unsupported(DELEGATED_HOST, { cpu: { shares: 2 }, pids: { max: 1 } })).toEqual([
      'cpu.shares: the cpu controller is not delegated to "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope" (which has memory, pids): run below a systemd unit with Delegate=cpu, for all users by "systemctl edit user@.service"',
    ])
  })

  it('nothing is delegated, or mounted read-only', () => {
    const [v2] = V2_HOST.hierarchies
    const { top: _, ...closed } = { ...v2!, own: '/sys/fs/cgroup/user.slice/session-2.scope' }
    const session: CgroupHost = { ...V2_HOST, hierarchies: [closed] }
    expect(unsupported(session, { pids: { max: 1 } })).toEqual([
      'pids.max: not delegated: "/sys/fs/cgroup/user.slice/session-2.scope" is not writable by this user; start with "systemd-run --user --scope -p Delegate=yes", or run below a systemd unit with Delegate=yes',
    ])
    expect(() => planCreation(session, '/rt/x', {})).toThrow(
      expect.objectContaining({ code: 'RT_PERMISSION', hint: expect.stringContaining('Delegate=yes') }),
    )
    const container: CgroupHost = { ...V2_HOST, hierarchies: [{ ...closed, readOnly: true }] }
    expect(unsupported(container, { pids: { max: 1 } })).toEqual([
      'pids.max: "/sys/fs/cgroup" is mounted read-only, as it is inside a container',
    ])
  })

  it('v1 for a plain user', () => {
    const { top: _, ...closed } = V1_HOST.hierarchies[3]!
    expect(unsupported({ ...V1_HOST, hierarchies: [closed] }, { pids: { max: 1 } })).toEqual([
      'pids.max: "/sys/fs/cgroup/pids" is not writable: cgroup v1 is for root',
    ])
  })

  it('no swap accounting', () => {
    const [memory] = V1_HOST.hierarchies
    const noSwap = (host: CgroupHost, file: string): CgroupHost => ({
      ...host,
      hierarchies: [{ ...host.hierarchies[0]!, files: host.hierarchies[0]!.files.filter((each) => each !== file) }],
    })
    const limit = { memory: { max: '1m', swap: '1m' } }
    const message = 'memory.swap: this kernel does not account swap: boot it with swapaccount=1 on its command line'
    expect(unsupported(noSwap(V1_HOST, 'memory.memsw.limit_in_bytes'), limit)).toEqual([message])
    expect(unsupported(noSwap(V2_HOST, 'memory.swap.max'), limit)).toEqual([message])
    // Nothing was seen of the files: nothing is claimed.
    expect(unsupported({ ...V1_HOST, hierarchies: [{ ...memory!, files: [] }] }, limit)).toEqual([])
  })

  it('old kernels and small ones', () => {
    const [v2] = V2_HOST.hierarchies
    const bare: CgroupHost = { ...V2_HOST, hierarchies: [{ ...v2!, files: ['cpu.weight', 'io.stat'] }] }
    const cpu = { quota: 1000, period: 1000, burst: 10, idle: true }
    expect(
      unsupported(bare, { cpu, io: { weight: 10, throttle: [{ device: '8:0', rbps: 1 }] }, hugetlb: { '64KB': 1 } }),
    ).toEqual([
      'cpu.quota: this kernel was built without CONFIG_CFS_BANDWIDTH',
      'cpu.period: this kernel was built without CONFIG_CFS_BANDWIDTH',
      'cpu.burst: a burst needs Linux 5.14 or later, with CONFIG_CFS_BANDWIDTH',
      'cpu.idle: idle groups need Linux 5.15 or later',
      'io.weight: this kernel has neither iocost (CONFIG_BLK_CGROUP_IOCOST) nor the BFQ scheduler loaded',
      'io.throttle: this kernel was built without CONFIG_BLK_DEV_THROTTLING',
      'hugetlb.64KB: this kernel has no huge pages of 64KB, but of 2MB, 1GB',
    ])
  })

  it('raw v2 files without v2, or without their controller there', () => {
    expect(unsupported(V1_HOST, { unified: { 'memory.high': '1' } })).toEqual([
      'unified["memory.high"]: files of cgroup v2 need cgroup v2, and this host has only v1 hierarchies',
    ])
    expect(unsupported(HYBRID_HOST, { unified: { 'pids.max': '1', 'foo.bar': '1', 'cgroup.max.depth': '1' } })).toEqual(
      [
        'unified["pids.max"]: the pids controller is in the v1 hierarchy "/sys/fs/cgroup/pids" on this host, not in v2',
        'unified["foo.bar"]: no foo controller in any mounted hierarchy (there are: pids, freezer, hugetlb)',
      ],
    )
  })

  it('device lists that v1 would take for something else', () => {
    const of = (...rules: [boolean, number | undefined, number | undefined, string][]): Resources => ({
      devices: rules.map(([allow, major, minor, access]) => ({ allow, type: 'c', major, minor, access })),
    })
    const nothing = { allow: false, type: 'a', access: 'rwm' } as const
    const on = (resources: Resources) => unsupported(V1_HOST, { devices: [nothing, ...(resources.devices ?? [])] })
    expect(on({ devices: DEFAULT_DEVICES.slice(1) })).toEqual([])
    expect(on(of([true, 1, undefined, 'rwm'], [false, 1, 3, 'w']))).toEqual([
      'devices[2]: cgroup v1 cannot take "c 1:3 w" out of the earlier "c 1:* rwm": name the devices one by one',
    ])
    expect(on(of([true, 1, 3, 'rwm'], [false, 1, undefined, 'r']))).toHaveLength(1)
    // The same numbers, other accesses, other devices: v1 can.
    expect(on(of([true, 1, 3, 'rwm'], [false, 1, 3, 'w']))).toEqual([])
    expect(on(of([true, 1, undefined, 'r'], [false, 1, 3, 'w']))).toEqual([])
    expect(on(of([true, 1, undefined, 'r'], [false, 2, 3, 'r']))).toEqual([])
    expect(unsupported(V2_HOST, of([true, 1, undefined, 'rwm'], [false, 1, 3, 'w']))).toEqual([])
  })

  it('reads well', () => {
    const error = (() => {
      try {
        planCreation(HYBRID_HOST, '/rt/x', { cpu: { quota: 50_000 } }, { names: { 'cpu.quota': '--cpus 0.5' } })
      } catch (error) {
        return error
      }
    })()
    expect(formatError(error)).toBe(
      'this host cannot set all the limits that are asked for\n' +
        '  --cpus 0.5: no cpu controller in any mounted hierarchy (there are: pids, freezer, hugetlb)',
    )
  })
})
