// requires nothing: plans are built, none is run
import { describe, expect, it } from 'vitest'
import { Complaints } from '../src/arguments/complaints.js'
import type { Option } from '../src/arguments/option.js'
import { parseArguments } from '../src/arguments/parse.js'
import { RUN_OPTIONS, type RunValues } from '../src/options/run.js'
import { prepare } from '../src/plan/prepare.js'

/** As `docker run --OPTION ''` was seen to behave; what docker hasn't behaves as its like. */
const NOT_GIVEN = [
  'workdir',
  'stop-signal',
  'user',
  'userns',
  'pid',
  'ipc',
  'uts',
  'hostname',
  'cgroupns',
  'domainname',
  'cpuset-cpus',
  'cpuset-mems',
  'umask',
  'cidfile',
  'platform',
  'cgroup-parent',
  'name',
  'root-dir',
  'authfile',
]
/** It means something: none at all. */
const A_VALUE = ['entrypoint']

const taking = (Object.entries(RUN_OPTIONS) as [string, Option<unknown>][]).filter(([, { kind }]) => kind !== 'flag')

function parse(args: readonly string[]) {
  const complaints = new Complaints()
  const { values, origins, rest } = parseArguments(args, RUN_OPTIONS, complaints)
  const mode = { interactive: false, tty: false }
  const plan = async () => {
    const prepared = await prepare({ values, words: rest, mode, complaints, defaultName: 'test' })
    prepared.close()
    return prepared.plan
  }
  return { values: values as RunValues, origins, complaints, plan }
}

describe('an empty value', () => {
  it.each(taking)('of --%s is refused, or is as if it was not given', async (name) => {
    const { values, origins, plan } = parse([`--${name}`, '', '--', 'true'])
    if (A_VALUE.includes(name)) return expect(values[name as keyof RunValues]).toBe('')
    if (!NOT_GIVEN.includes(name)) {
      const refused = await plan().catch((error: Error) => error)
      // The one complaint is about this option.
      return expect(refused).toMatchObject({ origin: expect.stringContaining(`--${name}`) })
    }
    expect(values[name as keyof RunValues]).toBeUndefined()
    expect([...origins]).toEqual([])
    expect(await plan()).toEqual(await parse(['--', 'true']).plan())
  })

  it.each([
    ['hostname', 'web'],
    ['user', '5'],
    ['pid', 'host'],
  ] as const)('of --%s takes back the one before it', (name, value) => {
    expect(parse([`--${name}`, value, `--${name}=`]).values[name]).toBeUndefined()
    expect(parse([`--${name}=`, `--${name}`, value]).values[name]).toBe(value)
  })
})
