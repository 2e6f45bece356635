import { RtError, textBytes } from '@rt/sys'

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
  /**
   * Descriptors that the program finds when it begins, by name and number: `givenFd(NAME)` is the word of each. The supervisor
   * keeps them for as long as the container lives, so a lock that belongs to one is held so long; init's own go with its
   * others.
   */
  readonly fds?: Readonly<Record<string, number>> | undefined
  /**
   * The supervisor is done once init has come to its last meeting, at `init.execute`: it opens the gate and exits, and init
   * is its parent's, or whoever's is nearest as subreaper (prctl(2)). Until then all dies with the caller, and from then on
   * nothing does. What `host.gone` would do is owed by whoever takes the container away. OCI's `create`.
   */
  readonly leaves?: true | undefined
  /**
   * What a program that nobody listens to executes where it has something to say: a failed set-up, or an end that wants
   * looking into. That finds the log at descriptor {@link LOG_FD}, and needs no texts in the program. Absent: the program
   * prints by itself what has failed.
   */
  readonly speaker?: Speaker | undefined
}

export interface Speaker {
  /** Absolute path. */
  readonly file: string
  readonly argv: readonly (string | Uint8Array)[]
  readonly env: readonly (string | Uint8Array)[]
}

export interface SignalHandling {
  /** What a SIGTERM becomes for init, by number: how its program is asked to end. */
  readonly stop?: number | undefined
  /** The so-manieth SIGINT or SIGTERM is a SIGKILL for init. 0: none is. */
  readonly insist?: number | undefined
}

/**
 * `node`: its master is a stream of Node's. `relay`: the supervisor passes on what is typed at its own stdin, which is
 * raw meanwhile, and prints to its own stdout. `output`: it prints only. `socket`: whoever listens at that unix(7) socket
 * is sent the master (SCM_RIGHTS), as the `--console-socket` of OCI runtimes has it.
 */
export type TerminalHolder = 'node' | 'relay' | 'output' | { readonly socket: string }

/** Of what `run` starts. */
export const TOLD_TO_NODE: Supervision = { tells: 'node', dieWith: 'caller', terminal: 'node' }

/** Of an executable of its own. */
export const ON_ITS_OWN: Supervision = { tells: 'nobody', dieWith: 'caller', signals: {}, terminal: 'relay' }

/** Are there pages for Node to read what the program has done? */
export const hasLog = ({ tells, speaker }: Supervision): boolean => tells === 'node' || speaker !== undefined

/** How long a container may go on when its terminal has been hung up: Docker's time between SIGTERM and SIGKILL. */
export const GRACE_MS = 10_000

/** @throws RtError RT_INVALID_OPTION for a time that is none, a socket's path, and what nobody would be there to do */
export function checkSupervision({ wallMs, leaves, signals, terminal }: Supervision): void {
  const refuse = (message: string): never => {
    throw new RtError('RT_INVALID_OPTION', message)
  }
  if (wallMs !== undefined && !(Number.isSafeInteger(wallMs) && wallMs > 0)) {
    refuse(`wallMs: expected whole milliseconds above 0, got ${JSON.stringify(wallMs)}`)
  }
  if (typeof terminal === 'object') checkSocket(terminal.socket)
  const stays = [
    wallMs !== undefined && 'wallMs',
    signals && 'signals',
    (terminal === 'relay' || terminal === 'output') && `terminal: ${terminal}`,
  ].filter((each) => typeof each === 'string')
  if (leaves && stays.length > 0) refuse(`${stays.join(', ')}: nobody does that where the supervisor leaves`)
}

/** sun_path has 108 bytes, its NUL among them; unix(7). */
const LONGEST_SOCKET = 107

function checkSocket(path: string): void {
  const length = textBytes(path).length
  if (path.startsWith('/') && length <= LONGEST_SOCKET && !path.includes('\0')) return
  throw new RtError(
    'RT_INVALID_OPTION',
    `terminal: expected the absolute path of a socket, ${LONGEST_SOCKET} bytes at most, got ${JSON.stringify(path)}`,
    { hint: 'a path that is too long goes by /proc/self/fd/N of its directory, or a symlink' },
  )
}
