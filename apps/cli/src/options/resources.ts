import type { OptionNames, Resources } from '@rt/cgroups'
import { RLIMITS } from '@rt/sys'
import { many, one, type Values } from '../arguments/option.js'
import { cpuList, positiveNumber, wholeNumber } from '../values/numbers.js'

const ULIMIT_NAMES = Object.keys(RLIMITS).map((name) => name.slice('RLIMIT_'.length).toLowerCase())

/** Limits: what the cgroup is set to, and what setrlimit(2) is. */
export const resources = {
  memory: one({ short: 'm', value: 'BYTES', help: 'most memory, such as 512m' }),
  'memory-swap': one({ value: 'BYTES', help: 'memory and swap together; -1: any amount of swap' }),
  'memory-reservation': one({ value: 'BYTES', help: 'memory that is kept when the host runs short' }),
  cpus: one({ value: 'NUMBER', parse: positiveNumber, help: 'processor time, in processors: 1.5' }),
  'cpu-shares': one({
    short: 'c',
    value: 'WEIGHT',
    parse: wholeNumber(2, 262_144),
    help: 'share of processor time when it is short (usual is 1024)',
  }),
  'cpuset-cpus': one({ value: 'CPUS', empty: 'unset', parse: cpuList, help: 'processors it may use: 0-2,5' }),
  'pids-limit': one({
    value: 'NUMBER',
    parse: wholeNumber(-1, 4_194_304),
    help: 'most processes and threads; -1: no limit',
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

/** The options as limits of a cgroup. */
export const resourcesOf = (values: ResourceValues): Resources => ({
  memory: {
    max: values.memory,
    swap: values['memory-swap'],
    reservation: values['memory-reservation'],
  },
  cpu: {
    shares: values['cpu-shares'],
    ...(values.cpus === undefined ? {} : { quota: Math.round(values.cpus * CPU_PERIOD), period: CPU_PERIOD }),
  },
  cpuset: { cpus: values['cpuset-cpus'] },
  // Docker's 0 is "no limit" too.
  pids: { max: (values['pids-limit'] ?? 0) > 0 ? values['pids-limit'] : values['pids-limit'] && 'max' },
})

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

/** The options that only a cgroup can fulfil, as they were given: `--memory 64m`. None: no group is needed for them. */
export const cgroupOptions = (values: ResourceValues): string[] =>
  [...Object.values(RESOURCE_OPTIONS), '--cgroup-parent'].flatMap((option) => {
    const value = values[option.slice(2) as keyof ResourceValues]
    return value === undefined ? [] : [`${option} ${value}`]
  })
