import { execve, F_DUPFD, F_SETFD, type OptionKeys, RtError, refuseUnknownOptions, syscall } from '@rt/sys'
import { assemble, type Program } from '../assemble/assemble.js'
import { refuseNodesParts } from '../assemble/compile.js'
import { FIRST_UNUSED_FD } from '../assemble/layout.js'
import { ON_ITS_OWN, type Speaker, type Supervision } from '../lifecycle/supervision.js'
import type { Plan } from '../plan/plan.js'
import { executableImage } from './image.js'
import { Log, logFile } from './log.js'
import { mark } from './log-mark.js'

export interface ReplaceOptions {
  /** Signals, stdin, limits, the terminal: what differs from {@link ON_ITS_OWN}. */
  readonly supervision?: Partial<Omit<Supervision, 'tells' | 'leaves' | 'speaker' | 'fds'>> | undefined
  /**
   * Descriptors that the supervisor holds until the container is gone, and the locks that they carry: by name, as
   * `givenFd(NAME)` is each to the plan's steps. This process keeps its own, until it becomes the supervisor.
   */
  readonly fds?: Readonly<Record<string, number>> | undefined
  /** What is executed where there is something to say, and calls {@link replaced}: this program once more, by its arguments. */
  readonly speaker: Speaker
  /** Called when all is ready, as the last thing that this process does. */
  readonly last?: (() => void) | undefined
}

const OPTIONS: OptionKeys<ReplaceOptions> = { supervision: true, fds: true, speaker: true, last: true }

/** Not a number that the program, or the log in it, has for something else. */
const FIRST_FREE_FD = 16

/**
 * Become the container's supervisor: this process executes the plan's program, and no Node stays. Streams 0, 1 and 2 are
 * the container's. What waits for this process learns how the container has ended, as of a compiled program.
 *
 * Does not return: whatever has to be done before the process ends is done before, and that nobody else uses 0, 1 and 2.
 *
 * @throws RtError RT_NEEDS_NODE for a plan with a part for Node, and as of `assemble`; SyscallError of execve(2). Where
 *   that is thrown, nothing has been changed but that 0, 1 and 2 outlive an execve
 */
export function replace(plan: Plan, options: ReplaceOptions): never {
  refuseUnknownOptions('replace', options, OPTIONS)
  refuseNodesParts(plan)
  const most = FIRST_FREE_FD - FIRST_UNUSED_FD
  if (Object.keys(options.fds ?? {}).length > most) throw new RtError('RT_LIMIT', `fds: ${most} at most`)
  const log = logAt(FIRST_FREE_FD)
  const made = [log]
  try {
    const fds = Object.entries(options.fds ?? {}).map(([name, fd]) => {
      // One that outlives the execve.
      const copy = syscall('fcntl', fd, F_DUPFD, FIRST_FREE_FD)
      made.push(copy)
      return [name, copy]
    })
    const program = programOf(plan, { ...options, fds: Object.fromEntries(fds) }, log)
    new Log(program, log).makeRoom()
    mark(log, program)
    const image = executableImage(program.elf)
    made.push(image)
    options.last?.()
    for (const fd of [0, 1, 2]) syscall('fcntl', fd, F_SETFD, 0)
    return execve(`/proc/self/fd/${image}`, ['rt'], [])
  } catch (error) {
    for (const fd of made) syscall('close', fd)
    throw error
  }
}

/** The log, at that number or above, for the program to find: it outlives the execve. */
function logAt(lowest: number): number {
  const created = logFile()
  try {
    return syscall('fcntl', created, F_DUPFD, lowest)
  } finally {
    syscall('close', created)
  }
}

/** The same program again, for who reads its log. */
export const programOf = (plan: Plan, { supervision, fds, speaker }: ReplaceOptions, log: number): Program =>
  assemble(plan, { supervision: { ...ON_ITS_OWN, ...supervision, fds, speaker }, log })
