import type { Readable, Writable } from 'node:stream'
import type { Program } from '../assemble/assemble.js'
import type { Terminal } from './console.js'
import type { Exit } from './exit.js'
import type { Stdio, StdioItem } from './stdio.js'
import type { TraceRow } from './trace-rows.js'

/** A stream that `stdio` asked to be piped; null if it didn't, either of them where that is not known yet. */
type Piped<S extends Stdio, Index extends 0 | 1 | 2, Stream> = StreamOf<
  S extends readonly StdioItem[] ? S[Index] : S,
  Stream
>
type StreamOf<Item, Stream> = Item extends 'pipe' ? Stream : null

/**
 * A running container. `await using` kills it, if it still runs, and waits until nothing of it is left.
 *
 * @typeParam S what `stdio` was
 */
export interface Container<S extends Stdio = Stdio> extends AsyncDisposable {
  /** Init's pid on the host. */
  readonly pid: number
  /** The supervisor's pid. */
  readonly supervisor: number
  readonly stdin: Piped<S, 0, Writable>
  readonly stdout: Piped<S, 1, Readable>
  readonly stderr: Piped<S, 2, Readable>
  /** Descriptors of init's that steps have handed over (`Meeting.toNode`), by name: the caller's to close. */
  readonly fds: Readonly<Record<string, number>>
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
  record(): (number | undefined)[]
  /** What could not be taken away again, and why: complete once the container has exited. */
  readonly warnings: readonly string[]
  /** The log with calls, steps and (of a traced run) times. */
  trace(): TraceRow[]
  readonly program: Program
}
