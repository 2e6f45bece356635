import { type Container, type Exit, type RunOptions, run, type TraceRow } from '@rt/program'
import { type RtError, SIGNALS, SyscallError } from '@rt/sys'
import { exitCode } from '../exit-codes.js'
import type { TerminalMode } from '../options/terminal.js'
import type { PreparedContainer } from '../plan/prepare.js'
import { warnAbout } from '../progress/warn.js'
import { forwardSignals, type SignalForwarding } from './signals.js'
import { terminalMode } from './terminal-mode.js'

const STDIN = 0

export interface Attachment {
  readonly mode: TerminalMode
  /** For trace: take the time of each call. */
  readonly traced?: boolean
  /** Sees what had run when the set-up failed. */
  readonly onFailure?: (rows: TraceRow[]) => void
  /** Sees the container when it has started. */
  readonly watch?: (container: Container) => void
}

/**
 * Prepare a container, start it, connect it to rt's own streams and signals, and wait for its end.
 *
 * @param prepare may take a while (an image is unpacked), and is to stop when its signal is aborted
 * @returns the exit code: the program's own, or 128 + the signal that ended it
 * @throws what `prepare` and `run` throw; for a program that can't be executed, what its files tell about the reason
 */
export async function startAttached(
  prepare: (signal: AbortSignal) => Promise<PreparedContainer>,
  attachment: Attachment,
): Promise<number> {
  const signals = forwardSignals()
  try {
    const prepared = await prepare(signals.abort)
    try {
      return await (attachment.mode.tty ? onTerminal : onStreams)(prepared, attachment, signals)
    } finally {
      prepared.close()
    }
  } catch (error) {
    throw signals.reason(error)
  } finally {
    signals.stop()
  }
}

async function onStreams(
  prepared: PreparedContainer,
  attachment: Attachment,
  signals: SignalForwarding,
): Promise<number> {
  const stdin = attachment.mode.interactive ? 'inherit' : 'null'
  const container = await start(prepared, attachment, signals, { stdio: [stdin, 'inherit', 'inherit'] })
  return ended(await container.exited, container.warnings)
}

async function onTerminal(
  prepared: PreparedContainer,
  attachment: Attachment,
  signals: SignalForwarding,
): Promise<number> {
  const terminal = attachment.mode.interactive ? 'relay' : 'output'
  const mode = terminal === 'relay' ? terminalMode(STDIN) : undefined
  const container = await start(prepared, attachment, signals, { terminal, stdio: 'inherit' })
  try {
    return ended(await container.exited, container.warnings)
  } catch (error) {
    // The supervisor was killed, which would have put it back.
    mode?.restore()
    throw error
  }
}

function ended(exit: Exit, warnings: readonly string[]): number {
  // What a process inside was killed for is the container's own to tell.
  const outOfMemory = 'signal' in exit && exit.signal === SIGNALS.SIGKILL && exit.oomKilled
  warnAbout([...warnings, ...(outOfMemory ? ['the program was killed: out of memory (see --memory)'] : [])])
  return exitCode(exit)
}

async function start(
  prepared: PreparedContainer,
  { traced, watch, onFailure }: Attachment,
  signals: SignalForwarding,
  options: RunOptions,
): Promise<Container> {
  const foreseen = prepared.foresee()
  if (foreseen) throw foreseen
  signals.hold()
  try {
    const container = await run(prepared.plan, { ...options, traced, onFailure, signal: signals.abort })
    signals.to(container, prepared.stopSignal)
    watch?.(container)
    return container
  } catch (error) {
    throw SyscallError.isInstance(error) && error.syscall === 'execve' ? explained(error, prepared) : error
  }
}

/** What the files of the root tell about a failed execve. Of what is mounted on the root they know nothing. */
function explained(error: SyscallError, prepared: PreparedContainer): RtError {
  const found = prepared.diagnose()
  const isMissing = error.code === 'ENOENT'
  return found && (found.kind === 'RT_COMMAND_NOT_FOUND') === isMissing ? found : error
}
