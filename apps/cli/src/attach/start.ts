import { type Container, needsNode, type RunOptions, run, type TraceRow } from '@rt/program'
import { SyscallError } from '@rt/sys'
import type { TerminalMode } from '../options/terminal.js'
import { containerId } from '../plan/container-id.js'
import type { PreparedContainer } from '../plan/prepare.js'
import { ended } from './ended.js'
import { becomeSupervisor, nameReplaced, speak } from './replaced.js'
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

/** For whom a container is prepared. */
export interface Starting {
  /** Preparing may take a while (an image is unpacked), and is to stop when this is aborted. */
  readonly signal: AbortSignal
  /** The container's name, where the user gives none. */
  readonly defaultName: string
  /** All has been said before: this is only to know what it was. */
  readonly quiet: boolean
}

/**
 * Prepare a container, start it, connect it to rt's own streams and signals, and wait for its end. Where nobody wants to
 * watch it, rt's own process becomes its supervisor, and this does not return: see replaced.ts.
 *
 * @returns the exit code: the program's own, or 128 + the signal that ended it
 * @throws what `prepare` and `run` throw; for a program that can't be executed, what its files tell about the reason
 */
export async function startAttached(
  prepare: (starting: Starting) => Promise<PreparedContainer>,
  attachment: Attachment,
): Promise<number> {
  const { mode, traced, watch, onFailure } = attachment
  const known = nameReplaced()
  const defaultName = known ?? containerId()
  const signals = forwardSignals()
  try {
    const starting = { signal: signals.abort, defaultName, quiet: known !== undefined }
    if (known !== undefined) return await speak(() => prepare(starting), mode, known, explained)
    const prepared = await prepare(starting)
    try {
      const foreseen = prepared.foresee()
      if (foreseen) throw foreseen
      if (!traced && !watch && !onFailure && !needsNode(prepared.plan)) {
        await signals.settle()
        becomeSupervisor(prepared, mode, defaultName)
      }
      return await (mode.tty ? onTerminal : onStreams)(prepared, attachment, signals)
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

async function start(
  prepared: PreparedContainer,
  { traced, watch, onFailure }: Attachment,
  signals: SignalForwarding,
  options: RunOptions,
): Promise<Container> {
  signals.hold()
  try {
    const container = await run(prepared.plan, {
      ...options,
      fds: prepared.fds,
      traced,
      onFailure,
      signal: signals.abort,
    })
    signals.to(container, prepared.stopSignal)
    watch?.(container)
    return container
  } catch (error) {
    throw explained(error, prepared)
  }
}

/** What the files of the root tell about a failed execve. Of what is mounted on the root they know nothing. */
function explained(error: unknown, prepared: PreparedContainer): unknown {
  if (!SyscallError.isInstance(error) || error.syscall !== 'execve') return error
  const found = prepared.diagnose()
  const isMissing = error.code === 'ENOENT'
  return found && (found.kind === 'RT_COMMAND_NOT_FOUND') === isMissing ? found : error
}
