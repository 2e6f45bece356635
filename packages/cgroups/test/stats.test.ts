// pure: texts of cgroup files
import { describe, expect, it } from 'vitest'
import type { Controller } from '../src/resources/controller.js'
import { V1 } from '../src/v1/index.js'
import { V2 } from '../src/v2/index.js'

const stat = (controllers: readonly Controller[], name: string, files: Record<string, string>) =>
  controllers.find((each) => each.name === name)?.stat?.((file) => files[file])

describe('v1', () => {
  it('memory: children included, no limit as the largest number of pages', () => {
    expect(
      stat(V1, 'memory', {
        'memory.usage_in_bytes': '4096',
        'memory.limit_in_bytes': '9223372036854771712',
        'memory.max_usage_in_bytes': '8192',
        'memory.failcnt': '3',
        'memory.memsw.failcnt': '4',
        'memory.memsw.usage_in_bytes': '5000',
        'memory.memsw.limit_in_bytes': '10000',
        'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2',
        'memory.stat': 'cache 1\nrss 2\ninactive_file 3\ntotal_cache 10\ntotal_rss 20\ntotal_inactive_file 5',
      }),
    ).toEqual({
      memory: {
        current: 4096,
        max: 'max',
        peak: 8192,
        swap: { current: 5000, max: 10000 },
        anon: 20,
        file: 10,
        inactiveFile: 5,
        failures: 7,
        oomKills: 2,
        detail: expect.objectContaining({ total_rss: 20, rss: 2 }),
      },
    })
    const small = stat(V1, 'memory', { 'memory.usage_in_bytes': '0', 'memory.limit_in_bytes': '1' })
    expect(small?.memory).not.toHaveProperty('swap')
    expect(small?.memory).toMatchObject({ max: 1, oomKills: 0 })
  })

  it('cpu time in nanoseconds and ticks, throttling elsewhere', () => {
    const files = { 'cpuacct.usage': '1234567', 'cpuacct.stat': 'user 3\nsystem 1' }
    expect(stat(V1, 'cpuacct', files)).toEqual({ cpu: { usage: 1235, user: 30_000, system: 10_000 } })
    expect(stat(V1, 'cpu', { 'cpu.stat': 'nr_periods 10\nnr_throttled 4\nthrottled_time 5000000' })).toEqual({
      cpu: { periods: 10, throttledPeriods: 4, throttledTime: 5000 },
    })
  })

  it('io by device', () => {
    expect(
      stat(V1, 'blkio', {
        'blkio.throttle.io_service_bytes_recursive':
          '8:0 Read 100\n8:0 Write 200\n8:0 Total 300\n8:16 Read 1\nTotal 301',
        'blkio.throttle.io_serviced_recursive': '8:0 Read 1\n8:0 Write 2\nTotal 3',
      }),
    ).toEqual({
      io: {
        '8:0': { readBytes: 100, writtenBytes: 200, reads: 1, writes: 2 },
        '8:16': { readBytes: 1, writtenBytes: 0, reads: 0, writes: 0 },
      },
    })
    expect(stat(V1, 'blkio', { 'blkio.throttle.io_service_bytes_recursive': 'Total 0' })).toEqual({ io: {} })
  })

  it('pids, hugetlb, rdma', () => {
    const pids = { 'pids.current': '4', 'pids.max': 'max', 'pids.events': 'max 9' }
    expect(stat(V1, 'pids', pids)).toEqual({ pids: { current: 4, max: 'max', failures: 9 } })
    const hugetlb = {
      'hugetlb.2MB.usage_in_bytes': '2097152',
      'hugetlb.2MB.limit_in_bytes': '9223372036852678656',
      'hugetlb.2MB.failcnt': '1',
    }
    expect(stat(V1, 'hugetlb', hugetlb)).toEqual({
      hugetlb: { '2MB': { current: 2_097_152, max: 'max', failures: 1 } },
    })
    expect(stat(V1, 'rdma', { 'rdma.current': 'mlx5_0 hca_handle=2 hca_object=30\nocrdma1 hca_handle=1' })).toEqual({
      rdma: { mlx5_0: { hca_handle: 2, hca_object: 30 }, ocrdma1: { hca_handle: 1, hca_object: 0 } },
    })
  })
})

describe('v2', () => {
  it('memory', () => {
    expect(
      stat(V2, 'memory', {
        'memory.current': '4096',
        'memory.max': '1048576',
        'memory.peak': '8192',
        'memory.swap.current': '0',
        'memory.swap.max': 'max',
        'memory.events': 'low 0\nhigh 0\nmax 5\noom 1\noom_kill 1\noom_group_kill 0',
        'memory.stat': 'anon 20\nfile 10\nkernel 7\ninactive_file 5',
      }),
    ).toEqual({
      memory: {
        current: 4096,
        max: 1_048_576,
        peak: 8192,
        swap: { current: 0, max: 'max' },
        anon: 20,
        file: 10,
        inactiveFile: 5,
        failures: 5,
        oomKills: 1,
        detail: { anon: 20, file: 10, kernel: 7, inactive_file: 5 },
      },
    })
    // Linux 5.18 without swap accounting
    const old = stat(V2, 'memory', { 'memory.current': '1', 'memory.max': 'max' })?.memory
    expect(old).not.toHaveProperty('peak')
    expect(old).not.toHaveProperty('swap')
  })

  it('cpu, with the controller and without', () => {
    const time = 'usage_usec 300\nuser_usec 200\nsystem_usec 100'
    expect(stat(V2, 'cpu', { 'cpu.stat': time })).toEqual({ cpu: { usage: 300, user: 200, system: 100 } })
    const all = `${time}\nnr_periods 10\nnr_throttled 4\nthrottled_usec 5000\nnr_bursts 0\nburst_usec 0`
    expect(stat(V2, 'cpu', { 'cpu.stat': all })).toEqual({
      cpu: { usage: 300, user: 200, system: 100, periods: 10, throttledPeriods: 4, throttledTime: 5000 },
    })
  })

  it('io by device; one that did nothing has no fields', () => {
    const text = '8:16 \n8:0 rbytes=100 wbytes=200 rios=1 wios=2 dbytes=0 dios=0'
    expect(stat(V2, 'io', { 'io.stat': text })).toEqual({
      io: {
        '8:16': { readBytes: 0, writtenBytes: 0, reads: 0, writes: 0 },
        '8:0': { readBytes: 100, writtenBytes: 200, reads: 1, writes: 2 },
      },
    })
  })

  it('hugetlb', () => {
    const files = { 'hugetlb.1GB.current': '0', 'hugetlb.1GB.max': 'max', 'hugetlb.1GB.events': 'max 2' }
    expect(stat(V2, 'hugetlb', files)).toEqual({ hugetlb: { '1GB': { current: 0, max: 'max', failures: 2 } } })
  })
})

it.each([...V1, ...V2])('$name says nothing of a group without its files', ({ stat }) =>
  expect(stat?.(() => undefined) ?? {}).toEqual({}),
)
