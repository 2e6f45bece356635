import { type FieldPath, type IoThrottle, type OptionNames, parseSize, type Resources } from '@rt/cgroups'
import { RLIMITS } from '@rt/sys'
import { invalid } from '../arguments/complaints.js'
import { many, one, type Values } from '../arguments/option.js'
import { deviceRate as rate } from '../values/device-rate.js'
import { deviceRule } from '../values/device-rule.js'
import { cpuList, numberOrZero, wholeNumber } from '../values/numbers.js'

const ULIMIT_NAMES = Object.keys(RLIMITS).map((name) => name.slice('RLIMIT_'.length).toLowerCase())

const sharesFromTwo = wholeNumber(2, 262_144)
const weight = wholeNumber(10, 1000)
const LONGEST_PERIOD = 1_000_000
const SHORTEST_PERIOD = 1_000
/** The kernel's least; 0 is "not given", and below it no limit, as for Docker. */
const quota = (text: string): number | undefined => {
  const microseconds = wholeNumber(-1, Number.MAX_SAFE_INTEGER)(text)
  if (microseconds <= 0) return undefined
  return wholeNumber(SHORTEST_PERIOD, Number.MAX_SAFE_INTEGER)(text)
}
const period = (text: string): number | undefined =>
  text === '0' ? undefined : wholeNumber(SHORTEST_PERIOD, LONGEST_PERIOD)(text)

/** Docker takes whatever is below 0 for no limit. */
const pidsLimit = (text: string): number => (/^-0*[1-9]\d*$/.test(text) ? -1 : wholeNumber(-1, 4_194_304)(text))

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
  'cpu-quota': one({
    value: 'MICROSECONDS',
    parse: quota,
    help: 'processor time in each period; --cpus says it in processors',
  }),
  'cpu-period': one({
    value: 'MICROSECONDS',
    parse: period,
    help: 'the period of --cpu-quota, 1000 to 1000000 (default 100000)',
  }),
  'cpuset-mems': one({ value: 'NODES', empty: 'unset', parse: cpuList, help: 'memory nodes it may use: 0-1' }),
  'blkio-weight': one({
    value: 'WEIGHT',
    parse: (text: string) => (text === '0' ? 0 : weight(text)),
    help: 'share of the disks, 10 to 1000',
  }),
  'device-read-bps': many({
    value: 'DEVICE:BYTES',
    parse: rate,
    help: 'most bytes a second read from a disk',
  }),
  'device-write-bps': many({
    value: 'DEVICE:BYTES',
    parse: rate,
    help: 'most bytes a second written to it',
  }),
  'device-read-iops': many({ value: 'DEVICE:NUMBER', parse: rate, help: 'most reads a second' }),
  'device-write-iops': many({ value: 'DEVICE:NUMBER', parse: rate, help: 'most writes a second' }),
  'device-cgroup-rule': many({
    value: 'RULE',
    parse: deviceRule,
    help: "what its cgroup allows of devices: 'c 1:3 rwm'",
  }),
  'cpuset-cpus': one({ value: 'CPUS', empty: 'unset', parse: cpuList, help: 'processors it may use: 0-2,5' }),
  'pids-limit': one({
    value: 'NUMBER',
    parse: pidsLimit,
    help: 'most processes and threads; 0 or less: no limit',
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
    ...(values.cpus
      ? { quota: Math.round(values.cpus * CPU_PERIOD), period: CPU_PERIOD }
      : { quota: values['cpu-quota'], period: values['cpu-period'] }),
  },
  cpuset: { cpus: values['cpuset-cpus'], mems: values['cpuset-mems'] },
  io: { weight: given(values['blkio-weight']), throttle: throttleOf(values) },
  pids: { max: values['pids-limit'] === -1 ? 'max' : given(values['pids-limit']) },
})

/**
 * More processors than there are can't be promised, nor less than the kernel can count.
 *
 * @throws RtError RT_INVALID_OPTION
 */
export function refuseTooManyCpus({ cpus = 0, ...values }: ResourceValues, count: number): void {
  const other = (['cpu-quota', 'cpu-period'] as const).find((name) => values[name] !== undefined)
  if (other !== undefined) throw invalid(`--${other} says it, too: only one of them can hold`)
  // The kernel's least quota is a hundredth of the period.
  if (cpus > count || cpus < 0.01)
    throw invalid(`expected from 0.01 to ${count}, the processors of this machine, got ${cpus}`)
}

/** By which option each limit was asked for. */
const RESOURCE_OPTIONS: OptionNames = {
  'memory.max': '--memory',
  'memory.swap': '--memory-swap',
  'memory.reservation': '--memory-reservation',
  'cpu.quota': '--cpus',
  'cpu.shares': '--cpu-shares',
  'cpuset.cpus': '--cpuset-cpus',
  'cpuset.mems': '--cpuset-mems',
  'cpu.period': '--cpu-period',
  'io.weight': '--blkio-weight',
  'pids.max': '--pids-limit',
}

/** The same, where a limit has more than one. */
export const resourceNames = (values: ResourceValues): OptionNames =>
  values['cpu-quota'] === undefined ? RESOURCE_OPTIONS : { ...RESOURCE_OPTIONS, 'cpu.quota': '--cpu-quota' }

/** Options of which 0 asks for nothing: all but lists and paths. */
const isAmount = (option: string): boolean => !['--cpuset-cpus', '--cpuset-mems', '--cgroup-parent'].includes(option)

const RATES = {
  'device-read-bps': 'rbps',
  'device-write-bps': 'wbps',
  'device-read-iops': 'riops',
  'device-write-iops': 'wiops',
} as const

/** Caps of disks, by `MAJOR:MINOR`. */
function throttleOf(values: ResourceValues): IoThrottle[] | undefined {
  const caps = new Map<string, Record<string, unknown>>()
  for (const [option, field] of Object.entries(RATES)) {
    for (const { device, most } of values[option as keyof typeof RATES]) {
      caps.set(device, { ...caps.get(device), device, [field]: most })
    }
  }
  return caps.size === 0 ? undefined : ([...caps.values()] as unknown as IoThrottle[])
}

const OTHERS = ['cpu-quota', ...Object.keys(RATES), 'device-cgroup-rule'].map((name) => `--${name}`)

/** The options that only a cgroup can fulfil, as they were given: `--memory 64m`. None: no group is needed for them. */
export const cgroupOptions = (values: ResourceValues): string[] =>
  [...new Set(Object.values(RESOURCE_OPTIONS)), ...OTHERS, '--cgroup-parent'].flatMap((option) => {
    const value = values[option.slice(2) as keyof ResourceValues]
    if (Array.isArray(value)) return value.length > 0 ? [option] : []
    const isZero = isAmount(option) && given(value as string | number | undefined) === undefined
    return value === undefined || isZero ? [] : [`${option} ${value}`]
  })
