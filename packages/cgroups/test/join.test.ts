// pure: the join step, explained
import { explain, sequence } from '@rt/program'
import { describe, expect, it } from 'vitest'
import { type CgroupHost, DEFAULT_DEVICES, type JoinOptions, join, type Resources } from '../src/index.js'
import { DELEGATED_HOST, HYBRID_HOST, V1_HOST, V2_HOST } from './hosts.js'

/** What the step does in each process, without the frame around it and the numbers of operations. */
const explained = (host: CgroupHost, resources: Resources): string =>
  explain(sequence(join('/rt/demo', resources, { host, names: { 'pids.max': '--pids-limit 64' } })))
    .filter(({ step }) => step.startsWith('cgroup'))
    .map(({ process, calls }) => {
      const lines = calls
        .filter(({ kind }) => kind === 'call' || kind === 'fail')
        .map(({ call, why }) => `  ${call}${why === undefined ? '' : `   # ${why}`}`)
      return [`${process}:`, ...lines, ''].join('\n')
    })
    .join('\n')

const only = (host: CgroupHost, ...controllers: string[]): CgroupHost => ({
  ...host,
  hierarchies: host.hierarchies.filter((each) => controllers.some((name) => each.controllers.includes(name))),
})

describe('the join step', () => {
  it.each<[string, CgroupHost, Resources]>([
    ['v2', V2_HOST, { memory: { max: '256M', swap: '256M' }, pids: { max: 64 } }],
    ['v2-devices', V2_HOST, { devices: DEFAULT_DEVICES }],
    ['v1-cpuset', only(V1_HOST, 'cpuset', 'freezer'), { cpuset: { cpus: '0' } }],
    ['hybrid', HYBRID_HOST, { pids: { max: 64 } }],
    ['delegated', DELEGATED_HOST, { memory: { max: '256M' } }],
  ])('%s', async (name, host, resources) => {
    await expect(explained(host, resources)).toMatchFileSnapshot(`golden/join-${name}.txt`)
  })

  it('is data: building it twice gives the same, and JSON keeps it', () => {
    const step = join('/rt/demo', { pids: { max: 1 } }, { host: V1_HOST })
    expect(join('/rt/demo', { pids: { max: 1 } }, { host: V1_HOST })).toEqual(step)
    expect(JSON.parse(JSON.stringify(step))).toEqual(step)
    expect(step).toMatchObject({ name: 'cgroup "/rt/demo"' })
  })

  it('takes each of its options, and says the note', () => {
    const options: Required<JoinOptions> = {
      host: V1_HOST,
      keep: false,
      perRun: false,
      existing: 'refuse',
      inUse: 'it is in use',
      note: 'something is worth knowing',
      origin: '--name demo',
      names: { 'pids.max': '--pids-limit 1' },
      optional: ['memory.swap'],
    }
    expect(join('/rt/demo', { pids: { max: 1 } }, options).why).toContain('; something is worth knowing')
    for (const [name, value] of Object.entries(options)) {
      expect(() => join('/rt/demo', {}, { host: V1_HOST, [name]: value }), name).not.toThrow()
    }
  })

  it('keeps the group when asked to', () => {
    expect(join('/rt/demo', {}, { host: V1_HOST, keep: true })).not.toHaveProperty('after')
  })
})
