import { type Accounts, call, type Instruction, kept, ref } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, O_RDONLY } from '@rt/sys'
import type { Group } from './group-path.js'

/** One file that tells what a group has used, and what it says. */
interface Counter {
  readonly file: string
  readonly size: number
  readonly read: (text: string) => ReturnType<Accounts>
}

const NUMBER_SIZE = 32
const whole = (text: string): number | undefined => (/^\d+\s*$/.test(text) ? Number(text) : undefined)
const field = (text: string, name: string): number | undefined => {
  const found = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}
/** A field that the kernel does not have is no field of the result. */
const known = (usage: Record<string, number | undefined>): ReturnType<Accounts> =>
  Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== undefined))

/** cgroup v1, by controller; Documentation/admin-guide/cgroup-v1 */
const V1: Readonly<Record<string, readonly Counter[]>> = {
  memory: [
    {
      file: 'memory.max_usage_in_bytes',
      size: NUMBER_SIZE,
      read: (text) => known({ memoryPeak: whole(text) }),
    },
    // oom_kill: since Linux 4.13.
    { file: 'memory.oom_control', size: 128, read: (text) => known({ oomKills: field(text, 'oom_kill') }) },
  ],
  pids: [{ file: 'pids.peak', size: NUMBER_SIZE, read: (text) => known({ pidsPeak: whole(text) }) }],
  cpu: [
    {
      file: 'cpu.stat',
      size: 256,
      read: (text) => {
        const nanoseconds = field(text, 'throttled_time')
        return known({
          throttledPeriods: field(text, 'nr_throttled'),
          throttledMicroseconds: nanoseconds === undefined ? undefined : Math.round(nanoseconds / 1000),
        })
      },
    },
  ],
}

/** cgroup v2; Documentation/admin-guide/cgroup-v2.rst. memory.peak: Linux 5.19; pids.peak: 6.1 */
const V2: readonly Counter[] = [
  { file: 'memory.peak', size: NUMBER_SIZE, read: (text) => known({ memoryPeak: whole(text) }) },
  { file: 'memory.events', size: 256, read: (text) => known({ oomKills: field(text, 'oom_kill') }) },
  { file: 'pids.peak', size: NUMBER_SIZE, read: (text) => known({ pidsPeak: whole(text) }) },
  {
    file: 'cpu.stat',
    size: 512,
    read: (text) =>
      known({
        throttledPeriods: field(text, 'nr_throttled'),
        throttledMicroseconds: field(text, 'throttled_usec'),
      }),
  },
]

const countersOf = ({ hierarchy: { version, controllers } }: Group): readonly Counter[] =>
  version === 2 ? V2 : controllers.flatMap((controller) => V1[controller] ?? [])

interface Counted {
  readonly path: string
  readonly name: string
  readonly counter: Counter
}

const counted = (groups: readonly Group[]): Counted[] =>
  groups.flatMap((group) =>
    countersOf(group).map((counter) => {
      const path = `${group.directory}/${counter.file}`
      return { path, name: path, counter }
    }),
  )

/**
 * Read what the groups have counted, for Node: before they are removed. Runs at `host.gone`: a file that the kernel does
 * not have is passed over.
 */
export const accountInstructions = (groups: readonly Group[]): Instruction[] =>
  counted(groups).flatMap(({ path, name, counter: { size } }) => [
    call('openat', [AT_FDCWD, path, O_RDONLY | O_CLOEXEC], { save: 'counter' }),
    call('read', [ref('counter'), kept(name, size), size]),
    call('close', [ref('counter')]),
  ])

/** What those files said. */
export const accountsOf =
  (groups: readonly Group[]): Accounts =>
  (keptAs) =>
    Object.assign(
      {},
      ...counted(groups).map(({ name, counter }) => {
        const bytes = keptAs(name)
        const end = bytes?.indexOf(0) ?? -1
        return bytes && end > 0 ? counter.read(bytes.toString('latin1', 0, end)) : {}
      }),
    )
