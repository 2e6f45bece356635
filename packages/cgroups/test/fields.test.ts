// pure: no field of Resources is dropped in silence
import { RtError } from '@rt/sys'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { FIELDS } from '../src/create/fields.js'
import { type Action, type CgroupHost, planCreation, type Resources } from '../src/index.js'
import type { FieldPath } from '../src/resources/field-path.js'
import { V2 } from '../src/v2/index.js'
import { HYBRID_HOST, V1_HOST, V2_HOST } from './hosts.js'

/** Each field asked for, alone but for what it can't be without; a field without an example is an error of types. */
const EXAMPLES: Readonly<Record<FieldPath, Resources>> = {
  'memory.max': { memory: { max: '64M' } },
  'memory.swap': { memory: { max: '64M', swap: '128M' } },
  'memory.reservation': { memory: { reservation: '32M' } },
  'cpu.shares': { cpu: { shares: 512 } },
  'cpu.quota': { cpu: { quota: 50_000 } },
  'cpu.period': { cpu: { period: 50_000 } },
  'cpu.burst': { cpu: { burst: 1000 } },
  'cpu.idle': { cpu: { idle: true } },
  'cpuset.cpus': { cpuset: { cpus: '0' } },
  'cpuset.mems': { cpuset: { mems: '0' } },
  'pids.max': { pids: { max: 5 } },
  'io.weight': { io: { weight: 100 } },
  'io.weightDevice': { io: { weightDevice: [{ device: '8:0', weight: 100 }] } },
  'io.throttle': { io: { throttle: [{ device: '8:0', wiops: 5 }] } },
  hugetlb: { hugetlb: { '2MB': '4M' } },
  rdma: { rdma: { mlx5_0: { hca_handle: 1 } } },
  devices: { devices: [{ allow: false, type: 'a', access: 'rwm' }] },
  unified: { unified: { 'memory.high': '1000' } },
}

const paths = Object.keys(FIELDS) as FieldPath[]
const none: CgroupHost = { mode: 'none', hierarchies: [], hugePageSizes: [] }
const withRdma: CgroupHost = {
  ...V1_HOST,
  hierarchies: [...V1_HOST.hierarchies, { ...V1_HOST.hierarchies[2]!, controllers: ['rdma'], mountPoint: '/cg/rdma' }],
}

/** Does the action come of the field? */
const carries = (action: Action, path: string): boolean =>
  action.kind === 'write'
    ? action.option !== undefined && action.option.replace(/[.[].*$/, '') === path.replace(/\..*$/, '')
    : action.kind === 'devices' && path === 'devices'

/** What becomes of one field: how many actions, or the complaints. */
function outcome(host: CgroupHost, path: FieldPath): number | string[] {
  try {
    const { actions } = planCreation(host, '/rt/x', EXAMPLES[path])
    return actions.filter((action) => carries(action, path)).length
  } catch (error) {
    if (!RtError.isInstance(error)) throw error
    expect(error.code).toBe('RT_UNSUPPORTED')
    return (error.complaints ?? []).map((complaint) => complaint.path)
  }
}

describe.each([
  ['v1', withRdma, ['unified']],
  ['v2', V2_HOST, []],
  ['a host that has hardly a controller', HYBRID_HOST, paths.filter((path) => !/^(pids|hugetlb|devices)/.test(path))],
  ['no cgroups', none, paths],
] as const)('on %s', (_, host, refused) => {
  it.each(paths)('%s is carried out or complained about', (path) => {
    const result = outcome(host, path)
    if ((refused as readonly string[]).includes(path)) {
      expect(result).toEqual(expect.arrayContaining([expect.stringContaining(path.split('.')[0] as string)]))
    } else expect(result).toBeGreaterThan(0)
  })
})

it('what a controller’s files forget is a complaint', () => {
  const pids = V2.find(({ name }) => name === 'pids')!
  const set = vi.spyOn(pids, 'set').mockReturnValue([])
  onTestFinished(() => set.mockRestore())
  expect(outcome(V2_HOST, 'pids.max')).toEqual(['pids.max'])
})

it('an optional field is left out where it can’t be, and its write may fail where it can', () => {
  const resources: Resources = { memory: { max: '64M', swap: '128M' } }
  const [memory] = V1_HOST.hierarchies
  const noSwap = { ...V1_HOST, hierarchies: [{ ...memory!, files: ['memory.limit_in_bytes'] }] }
  const files = (host: CgroupHost) =>
    planCreation(host, '/rt/x', resources, { optional: ['memory.swap'] }).actions.flatMap((action) =>
      action.kind === 'write' ? [`${action.file}=${action.value}${action.optional ? '?' : ''}`] : [],
    )
  expect(files(noSwap)).toEqual([`memory.limit_in_bytes=${64 << 20}`])
  expect(files(V1_HOST)).toEqual([
    'memory.memsw.limit_in_bytes=-1?',
    `memory.limit_in_bytes=${64 << 20}`,
    `memory.memsw.limit_in_bytes=${128 << 20}?`,
  ])
  expect(() => planCreation(noSwap, '/rt/x', resources)).toThrow(expect.objectContaining({ code: 'RT_UNSUPPORTED' }))
})
