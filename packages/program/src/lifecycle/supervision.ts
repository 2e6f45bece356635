import { RtError } from '@rt/sys'

/**
 * How the processes of a program live together: what the supervisor watches while init runs, whom it tells, and what
 * ends init. `run` and `compile` differ by this alone.
 */
export interface Supervision {
  /** Who hears of the start, of Node's turns and of the end. `nobody`: the program exits as init did. */
  readonly tells: 'node' | 'nobody'
  /** Init is killed when whoever started the program is gone; or it outlives them all. */
  readonly dieWith: 'caller' | 'nobody'
  /** What becomes of signals that the supervisor gets; absent: it takes none. */
  readonly signals?: SignalHandling | undefined
  /** The container's stdin is empty, whatever the program was started with. */
  readonly stdin?: 'inherit' | 'null' | undefined
  /** Milliseconds from the start after which init is killed. */
  readonly wallMs?: number | undefined
  /** Who holds the other side of a plan's terminal. */
  readonly terminal?: TerminalHolder | undefined
}

export interface SignalHandling {
  /** What a SIGTERM becomes for init, by number: how its program is asked to end. */
  readonly stop?: number | undefined
  /** The so-manieth SIGINT or SIGTERM is a SIGKILL for init. 0: none is. */
  readonly insist?: number | undefined
}

/**
 * `node`: its master is a stream of Node's. `relay`: the supervisor passes on what is typed at its own stdin, which is
 * raw meanwhile, and prints to its own stdout. `output`: it prints only.
 */
export type TerminalHolder = 'node' | 'relay' | 'output'

/** Of what `run` starts. */
export const TOLD_TO_NODE: Supervision = { tells: 'node', dieWith: 'caller', terminal: 'node' }

/** Of an executable of its own. */
export const ON_ITS_OWN: Supervision = { tells: 'nobody', dieWith: 'caller', signals: {}, terminal: 'relay' }

/** How long a container may go on when its terminal has been hung up: Docker's time between SIGTERM and SIGKILL. */
export const GRACE_MS = 10_000

/** @throws RtError RT_INVALID_OPTION for a time that is none */
export function checkSupervision({ wallMs }: Supervision): void {
  if (wallMs === undefined || (Number.isInteger(wallMs) && wallMs > 0 && wallMs <= Number.MAX_SAFE_INTEGER)) return
  throw new RtError('RT_INVALID_OPTION', `wallMs: expected whole milliseconds above 0, got ${JSON.stringify(wallMs)}`)
}
