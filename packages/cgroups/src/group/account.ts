import { type Account, call, type Instruction, kept, ref } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, O_RDONLY } from '@rt/sys'
import type { Group } from './group-path.js'

/** One file that tells what a group has used, and what it says. */
interface Counter {
  readonly file: string
  readonly size: number
  readonly fields: readonly Omit<Account, 'kept'>[]
}

const NUMBER_SIZE = 32
const NANOSECONDS = 1000

/** cgroup v1, by controller; Documentation/admin-guide/cgroup-v1 */
const V1: Readonly<Record<string, readonly Counter[]>> = {
  memory: [
    { file: 'memory.max_usage_in_bytes', size: NUMBER_SIZE, fields: [{ field: 'memoryPeak' }] },
    // Since Linux 4.13.
    { file: 'memory.oom_control', size: 128, fields: [{ field: 'oomKills', line: 'oom_kill' }] },
  ],
  pids: [{ file: 'pids.peak', size: NUMBER_SIZE, fields: [{ field: 'pidsPeak' }] }],
  cpu: [
    {
      file: 'cpu.stat',
      size: 256,
      fields: [
        { field: 'throttledPeriods', line: 'nr_throttled' },
        { field: 'throttledMicroseconds', line: 'throttled_time', divisor: NANOSECONDS },
      ],
    },
  ],
}

/** cgroup v2, by controller; Documentation/admin-guide/cgroup-v2.rst */
const V2: typeof V1 = {
  memory: [
    // Since Linux 5.19.
    { file: 'memory.peak', size: NUMBER_SIZE, fields: [{ field: 'memoryPeak' }] },
    { file: 'memory.events', size: 256, fields: [{ field: 'oomKills', line: 'oom_kill' }] },
  ],
  // Since Linux 6.1.
  pids: [{ file: 'pids.peak', size: NUMBER_SIZE, fields: [{ field: 'pidsPeak' }] }],
  cpu: [
    {
      file: 'cpu.stat',
      size: 512,
      fields: [
        { field: 'throttledPeriods', line: 'nr_throttled' },
        { field: 'throttledMicroseconds', line: 'throttled_usec' },
      ],
    },
  ],
}

/** The counters of groups, by the path of their file: what is kept has that name. */
const countersOf = (groups: readonly Group[]): { readonly path: string; readonly counter: Counter }[] =>
  groups.flatMap(({ directory, hierarchy: { version, controllers } }) => {
    const counters = controllers.flatMap((controller) => (version === 2 ? V2 : V1)[controller] ?? [])
    return counters.map((counter) => ({ path: `${directory}/${counter.file}`, counter }))
  })

/**
 * Read what the groups have counted, for Node: before they are removed. Runs at `host.gone`: a file that the kernel does
 * not have is passed over.
 */
export const accountInstructions = (groups: readonly Group[]): Instruction[] =>
  countersOf(groups).flatMap(({ path, counter: { size } }) => [
    call('openat', [AT_FDCWD, path, O_RDONLY | O_CLOEXEC], { save: 'counter' }),
    call('read', [ref('counter'), kept(path, size), size]),
    call('close', [ref('counter')]),
  ])

/** Where in those files the usage stands. */
export const accountsOf = (groups: readonly Group[]): Account[] =>
  countersOf(groups).flatMap(({ path, counter }) => counter.fields.map((field) => ({ ...field, kept: path })))
