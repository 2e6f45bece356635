import type { Readable, Writable } from 'node:stream'
import type { Program } from './assemble.js'
import type { Terminal } from './console.js'
import type { Exit } from './exit.js'
import type { TraceRow } from './trace-rows.js'

/** A running container. */
export interface Container {
  /** Init's pid on the host. */
  readonly pid: number
  /** The supervisor's pid. */
  readonly supervisor: number
  readonly stdin: Writable | null
  readonly stdout: Readable | null
  readonly stderr: Readable | null
  /** The terminal that the plan made, if it made one. */
  readonly terminal: Terminal | null
  /** Rejects only if the supervisor was killed, so that nobody knows. */
  readonly exited: Promise<Exit>
  /**
   * Send a signal to init, by number or name (default SIGKILL).
   *
   * @returns false if it is gone
   * @throws RtError RT_INVALID_OPTION for a name that is no signal; SyscallError EPERM
   */
  kill(signal?: number | string): boolean
  /** What each operation returned so far, in the order of `program.sites`; undefined for those that have not run. */
  log(): (number | undefined)[]
  /** The log with calls, steps and (of a traced run) times. */
  trace(): TraceRow[]
  readonly program: Program
}
