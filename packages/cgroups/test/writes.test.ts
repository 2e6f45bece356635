// pure: which files are written, and in which order
import { describe, expect, it } from 'vitest'
import { type CgroupHost, DEFAULT_DEVICES, planCreation, type Resources } from '../src/index.js'
import { HYBRID_HOST, V1_HOST, V2_HOST } from './hosts.js'

/** The writes into the group itself: `file = value`. */
const writes = (host: CgroupHost, resources: Resources, files?: Record<string, string>): string[] =>
  planCreation(host, '/rt/demo', resources, {}, files && (() => (file) => files[file])).actions.flatMap((action) =>
    action.kind === 'write' && action.directory.endsWith('/rt/demo') ? `${action.file} = ${action.value}` : [],
  )

const MEMORY = { memory: { max: '256M', swap: '1g', reservation: '128M' } }
const CPU = { cpu: { shares: 512, quota: 50_000, period: 100_000, burst: 5_000 } }
const IO: Resources = {
  io: {
    weight: 500,
    weightDevice: [{ device: '8:0', weight: 1000 }],
    throttle: [{ device: '8:0', rbps: '1M', wiops: 100 }, { device: '8:16', wbps: 'max' }, { device: '8:32' }],
  },
}
const OTHERS: Resources = {
  cpuset: { cpus: '0-1', mems: '0' },
  pids: { max: 64 },
  hugetlb: { '2MB': '64M', '1GB': -1 },
  rdma: { mlx5_0: { hca_handle: 2, hca_object: 'max' }, none: {} },
}

describe('v1', () => {
  it.each<[string, Resources, string[]]>([
    [
      'memory: the outer limit out of the way first',
      MEMORY,
      [
        'memory.memsw.limit_in_bytes = -1',
        'memory.limit_in_bytes = 268435456',
        'memory.memsw.limit_in_bytes = 1073741824',
        'memory.soft_limit_in_bytes = 134217728',
      ],
    ],
    ['memory alone', { memory: { max: 0 } }, ['memory.limit_in_bytes = 0']],
    [
      'memory without limits',
      { memory: { max: 'max', swap: 'max' } },
      ['memory.memsw.limit_in_bytes = -1', 'memory.limit_in_bytes = -1'],
    ],
    ['swap without limit', { memory: { swap: -1 } }, ['memory.memsw.limit_in_bytes = -1']],
    [
      'cpu: burst and quota out of the way, then period, quota, burst',
      CPU,
      [
        'cpu.shares = 512',
        'cpu.cfs_burst_us = 0',
        'cpu.cfs_quota_us = -1',
        'cpu.cfs_period_us = 100000',
        'cpu.cfs_quota_us = 50000',
        'cpu.cfs_burst_us = 5000',
      ],
    ],
    ['quota alone', { cpu: { quota: 'max' } }, ['cpu.cfs_quota_us = -1']],
    ['period alone', { cpu: { period: 5000 } }, ['cpu.cfs_period_us = 5000']],
    ['idle', { cpu: { idle: true } }, ['cpu.idle = 1']],
    ['not idle', { cpu: { idle: false } }, ['cpu.idle = 0']],
    [
      'io is blkio',
      IO,
      [
        'blkio.bfq.weight = 500',
        'blkio.bfq.weight_device = 8:0 1000',
        'blkio.throttle.read_bps_device = 8:0 1048576',
        'blkio.throttle.write_iops_device = 8:0 100',
        'blkio.throttle.write_bps_device = 8:16 0',
      ],
    ],
    [
      'the others',
      { ...OTHERS, rdma: undefined },
      [
        'cpuset.cpus = 0-1',
        'cpuset.mems = 0',
        'pids.max = 64',
        'hugetlb.2MB.limit_in_bytes = 67108864',
        'hugetlb.2MB.rsvd.limit_in_bytes = 67108864',
        'hugetlb.1GB.limit_in_bytes = -1',
        'hugetlb.1GB.rsvd.limit_in_bytes = -1',
      ],
    ],
    [
      'devices',
      {
        devices: [
          { allow: false, type: 'a', access: 'mrw' },
          { allow: true, type: 'a', access: 'm' },
          { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' },
          { allow: true, type: 'b', major: 8, access: 'r' },
        ],
      },
      [
        'devices.deny = a',
        'devices.allow = b *:* m',
        'devices.allow = c *:* m',
        'devices.allow = c 1:3 rw',
        'devices.allow = b 8:* r',
      ],
    ],
  ])('%s', (_, resources, expected) => expect(writes(V1_HOST, resources)).toEqual(expected))

  it('the CFQ scheduler’s weight where a kernel still has it', () => {
    const old = { ...V1_HOST, hierarchies: V1_HOST.hierarchies.map((each) => ({ ...each, files: ['blkio.weight'] })) }
    expect(writes(old, { io: { weight: 10 } })).toEqual(['blkio.weight = 10'])
  })

  it('Docker’s devices', () => {
    expect(writes(V1_HOST, { devices: DEFAULT_DEVICES }).join('\n')).toMatchInlineSnapshot(`
      "devices.deny = a
      devices.allow = c *:* m
      devices.allow = b *:* m
      devices.allow = c 1:3 rwm
      devices.allow = c 1:5 rwm
      devices.allow = c 1:7 rwm
      devices.allow = c 1:8 rwm
      devices.allow = c 1:9 rwm
      devices.allow = c 5:0 rwm
      devices.allow = c 5:1 rwm
      devices.allow = c 5:2 rwm
      devices.allow = c 136:* rwm"
    `)
  })

  it('cpusets are inherited level by level but for what is set', () => {
    const { actions } = planCreation(V1_HOST, '/rt/demo', { cpuset: { cpus: '1' } })
    const inherited = actions.flatMap((action) =>
      action.kind === 'inherit' ? `${action.file}: ${action.from} -> ${action.to}` : [],
    )
    expect(inherited).toEqual([
      'cpuset.cpus: /sys/fs/cgroup/cpuset -> /sys/fs/cgroup/cpuset/rt',
      'cpuset.mems: /sys/fs/cgroup/cpuset -> /sys/fs/cgroup/cpuset/rt',
      'cpuset.mems: /sys/fs/cgroup/cpuset/rt -> /sys/fs/cgroup/cpuset/rt/demo',
    ])
  })
})

describe('v2', () => {
  it.each<[string, Resources, string[]]>([
    [
      'memory: swap alone is the difference',
      MEMORY,
      ['memory.swap.max = 805306368', 'memory.max = 268435456', 'memory.low = 134217728'],
    ],
    ['no swap', { memory: { max: '1m', swap: '1m' } }, ['memory.swap.max = 0', 'memory.max = 1048576']],
    ['no limits', { memory: { max: 'max', swap: -1 } }, ['memory.swap.max = max', 'memory.max = max']],
    ['cpu', CPU, ['cpu.weight = 59', 'cpu.max.burst = 0', 'cpu.max = 50000 100000', 'cpu.max.burst = 5000']],
    ['quota alone keeps the period', { cpu: { quota: 7000 } }, ['cpu.max = 7000']],
    ['no quota', { cpu: { quota: 'max' } }, ['cpu.max = max']],
    ['period alone in a new group', { cpu: { period: 5000 } }, ['cpu.max = max 5000']],
    ['idle', { cpu: { idle: true } }, ['cpu.idle = 1']],
    [
      'io',
      IO,
      [
        'io.weight = default 4950',
        'io.weight = 8:0 10000',
        'io.max = 8:0 rbps=1048576 wiops=100',
        'io.max = 8:16 wbps=max',
      ],
    ],
    [
      'the others',
      OTHERS,
      [
        'cpuset.cpus = 0-1',
        'cpuset.mems = 0',
        'pids.max = 64',
        'hugetlb.2MB.max = 67108864',
        'hugetlb.2MB.rsvd.max = 67108864',
        'hugetlb.1GB.max = max',
        'hugetlb.1GB.rsvd.max = max',
        'rdma.max = mlx5_0 hca_handle=2 hca_object=max',
      ],
    ],
    [
      'raw files last',
      { unified: { 'memory.high': '200M', 'cgroup.max.depth': '3' }, pids: { max: 1 } },
      ['pids.max = 1', 'memory.high = 200M', 'cgroup.max.depth = 3'],
    ],
  ])('%s', (_, resources, expected) => {
    // The group itself gets no subtree_control: it is a leaf.
    expect(writes(V2_HOST, resources)).toEqual(expected)
  })

  it('a period alone keeps the quota of a group that exists', () => {
    expect(writes(V2_HOST, { cpu: { period: 5000 } }, { 'cpu.max': '1000 100000' })).toEqual(['cpu.max = 1000 5000'])
  })

  it('weights of disks under BFQ', () => {
    const [v2] = V2_HOST.hierarchies
    const both = { ...V2_HOST, hierarchies: [{ ...v2!, files: [...v2!.files, 'io.bfq.weight'] }] }
    const bfq = { ...V2_HOST, hierarchies: [{ ...v2!, files: ['io.stat', 'io.bfq.weight'] }] }
    expect(writes(both, { io: { weight: 10 } })).toEqual(['io.bfq.weight = 10', 'io.weight = default 1'])
    expect(writes(bfq, { io: { weightDevice: [{ device: '8:0', weight: 20 }] } })).toEqual(['io.bfq.weight = 8:0 20'])
  })

  it('controllers are enabled from the top down: those needed in one write, the others for statistics', () => {
    const { actions } = planCreation(V2_HOST, '/a/b/c', { pids: { max: 1 }, unified: { 'hugetlb.2MB.max': '0' } })
    const enabled = actions.flatMap((action) =>
      action.kind === 'write' && action.file === 'cgroup.subtree_control'
        ? `${action.directory} ${action.value}${action.optional ? ' (optional)' : ''}`
        : [],
    )
    expect(enabled.slice(0, 4)).toEqual([
      '/sys/fs/cgroup +pids +hugetlb',
      '/sys/fs/cgroup +memory (optional)',
      '/sys/fs/cgroup +cpu (optional)',
      '/sys/fs/cgroup +io (optional)',
    ])
    expect(enabled.map((line) => line.split(' ')[0])).toEqual(
      ['/sys/fs/cgroup', '/sys/fs/cgroup/a', '/sys/fs/cgroup/a/b'].flatMap((directory) => Array(4).fill(directory)),
    )
  })

  it('devices are a program, and need no controller', () => {
    const { actions } = planCreation(V2_HOST, '/rt/demo', { devices: DEFAULT_DEVICES })
    expect(actions.find(({ kind }) => kind === 'devices')).toMatchObject({ directory: '/sys/fs/cgroup/rt/demo' })
    expect(JSON.stringify(actions)).not.toContain('+devices')
  })
})

describe('hybrid', () => {
  it('each controller in the hierarchy where it is', () => {
    const { actions, groups } = planCreation(HYBRID_HOST, '/rt/demo', { pids: { max: 5 }, hugetlb: { '2MB': 0 } })
    expect(groups.map(({ directory }) => directory)).toEqual([
      '/sys/fs/cgroup/pids/rt/demo',
      '/sys/fs/cgroup/freezer/rt/demo',
      '/sys/fs/cgroup/unified/rt/demo',
    ])
    expect(
      actions.flatMap((action) =>
        action.kind === 'write' ? `${action.directory}/${action.file} ${action.value}` : [],
      ),
    ).toEqual([
      '/sys/fs/cgroup/pids/rt/demo/pids.max 5',
      '/sys/fs/cgroup/unified/cgroup.subtree_control +hugetlb',
      '/sys/fs/cgroup/unified/rt/cgroup.subtree_control +hugetlb',
      '/sys/fs/cgroup/unified/rt/demo/hugetlb.2MB.max 0',
      '/sys/fs/cgroup/unified/rt/demo/hugetlb.2MB.rsvd.max 0',
    ])
  })
})
