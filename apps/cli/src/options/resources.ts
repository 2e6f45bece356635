import { type FieldPath, type OptionNames, parseSize, type Resources } from '@rt/cgroups'
import { RLIMITS } from '@rt/sys'
import { invalid } from '../arguments/complaints.js'
import { many, one, type Values } from '../arguments/option.js'
import { cpuList, numberOrZero, wholeNumber } from '../values/numbers.js'

const ULIMIT_NAMES = Object.keys(RLIMITS).map((name) => name.slice('RLIMIT_'.length).toLowerCase())

const sharesFromTwo = wholeNumber(2, 262_144)

/** Limits: what the cgroup is set to, and what setrlimit(2) is. */
export const resources = {
  memory: one({ short: 'm', value: 'BYTES', help: 'most memory, such as 512m' }),
  'memory-swap': one({
    value: 'BYTES',
    help: 'memory and swap together (default twice --memory); -1: any amount of swap',
  }),
  'memory-reservation': one({ value: 'BYTES', help: 'memory that is kept when the host runs short' }),
  cpus: one({ value: 'NUMBER', parse: numberOrZero, help: 'processor time, in processors: 1.5' }),
  'cpu-shares': one({
    short: 'c',
    value: 'WEIGHT',
    parse: (text: string) => (text === '0' ? 0 : sharesFromTwo(text)),
    help: 'share of processor time when it is short (usual is 1024)',
  }),
  'cpuset-cpus': one({ value: 'CPUS', empty: 'unset', parse: cpuList, help: 'processors it may use: 0-2,5' }),
  'pids-limit': one({
    value: 'NUMBER',
    parse: wholeNumber(-1, 4_194_304),
    help: 'most processes and threads; -1 or 0: no limit',
  }),
  ulimit: many({
    value: 'NAME=SOFT[:HARD]',
    complete: ULIMIT_NAMES.map((name) => `${name}=`),
    help: 'a limit of each process, such as nofile=1024:4096',
  }),
  'oom-score-adj': one({
    value: 'NUMBER',
    parse: wholeNumber(-1000, 1000),
    help: 'how willingly the kernel kills it when memory is out, -1000 to 1000',
  }),
  'cgroup-parent': one({ value: 'PATH', empty: 'unset', help: 'cgroup to make the container’s in (default /rt)' }),
}

type ResourceValues = Values<typeof resources>

/** Microseconds; Docker's, and the kernel's default. */
const CPU_PERIOD = 100_000

/** Docker's 0 is "not given", for every amount. */
const given = <T extends string | number>(value: T | undefined): T | undefined =>
  value === undefined || parseSize(value) === 0 ? undefined : value

/** A memory limit alone limits memory and swap together to twice as much. */
function swapOf(values: ResourceValues): string | number | undefined {
  const swap = given(values['memory-swap'])
  const memory = given(values.memory)
  if (swap !== undefined || memory === undefined) return swap
  const bytes = parseSize(memory)
  return typeof bytes === 'number' ? 2 * bytes : undefined
}

/** Fields that nobody asked for by name: where a kernel can't do them, nothing is wrong. */
export const optionalFields = (values: ResourceValues): FieldPath[] =>
  given(values['memory-swap']) === undefined ? ['memory.swap'] : []

/** The options as limits of a cgroup. */
export const resourcesOf = (values: ResourceValues): Resources => ({
  memory: {
    max: given(values.memory),
    swap: swapOf(values),
    reservation: given(values['memory-reservation']),
  },
  cpu: {
    shares: given(values['cpu-shares']),
    ...(values.cpus ? { quota: Math.round(values.cpus * CPU_PERIOD), period: CPU_PERIOD } : {}),
  },
  cpuset: { cpus: values['cpuset-cpus'] },
  pids: { max: values['pids-limit'] === -1 ? 'max' : given(values['pids-limit']) },
})

/**
 * More processors than there are can't be promised.
 *
 * @throws RtError RT_INVALID_OPTION
 */
export function refuseTooManyCpus({ cpus = 0 }: ResourceValues, count: number): void {
  if (cpus > count) throw invalid(`expected from 0.01 to ${count}, the processors of this machine, got ${cpus}`)
}

/** By which option each limit was asked for. */
export const RESOURCE_OPTIONS: OptionNames = {
  'memory.max': '--memory',
  'memory.swap': '--memory-swap',
  'memory.reservation': '--memory-reservation',
  'cpu.quota': '--cpus',
  'cpu.shares': '--cpu-shares',
  'cpuset.cpus': '--cpuset-cpus',
  'pids.max': '--pids-limit',
}

/** Options of which 0 asks for nothing: all but lists and paths. */
const isAmount = (option: string): boolean => !['--cpuset-cpus', '--cgroup-parent'].includes(option)

/** The options that only a cgroup can fulfil, as they were given: `--memory 64m`. None: no group is needed for them. */
export const cgroupOptions = (values: ResourceValues): string[] =>
  [...Object.values(RESOURCE_OPTIONS), '--cgroup-parent'].flatMap((option) => {
    const value = values[option.slice(2) as keyof ResourceValues]
    const isZero = isAmount(option) && given(value as string | number | undefined) === undefined
    return value === undefined || isZero ? [] : [`${option} ${value}`]
  })
