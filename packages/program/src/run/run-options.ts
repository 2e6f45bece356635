import type { Fault } from '../assemble/fault.js'
import type { TerminalHolder } from '../lifecycle/supervision.js'
import type { TerminalSize } from './console.js'
import type { Stdio } from './stdio.js'
import type { TraceRow } from './trace-rows.js'

/** @typeParam S what `stdio` is: the container's streams are typed by it */
export interface RunOptions<S extends Stdio = Stdio> {
  /** The container's stdin, stdout and stderr; default `inherit`. A plan with a terminal replaces them. */
  readonly stdio?: S | undefined
  /**
   * Descriptors for the plan's steps, by name: `ref(givenFd(NAME))` is each. Node keeps its own. The supervisor holds them until
   * the container is gone, and with them the locks that they carry.
   */
  readonly fds?: Readonly<Record<string, number>> | undefined
  /** Initial size of the terminal of a plan that has one. */
  readonly terminalSize?: TerminalSize | undefined
  /** Kills the container. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds after which the container is killed, however busy Node is; `exited` then says `timedOut`. */
  readonly wallMs?: number | undefined
  /**
   * Who holds the other side of a plan's terminal: Node (default), which finds it as `container.terminal`; or the
   * supervisor, which connects it with the stdin and stdout that `stdio` gives. See {@link TerminalHolder}.
   */
  readonly terminal?: TerminalHolder | undefined
  /** The container lives on when Node ends; else it is killed. */
  readonly detached?: boolean | undefined
  /** Take the time of every operation, see `trace`. */
  readonly traced?: boolean | undefined
  /** Sees what had run when the set-up failed (with times if `traced`), before `run` rejects. */
  readonly onFailure?: ((rows: TraceRow[]) => void) | undefined
  /** For tests: make one operation go wrong. */
  readonly fault?: Fault | undefined
}
