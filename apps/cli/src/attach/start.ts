import { writeSync } from 'node:fs'
import { type Container, type RunOptions, run } from '@rt/program'
import { SyscallError } from '@rt/sys'
import { exitCode } from '../exit-codes.js'
import type { TerminalMode } from '../options/terminal.js'
import type { PreparedContainer } from '../plan/prepare.js'
import { forwardSignals } from './signals.js'

const STDERR = 2

/**
 * Start a container, connect it to rt's own streams and signals, and wait for its end.
 *
 * @param watch sees the container when it has started
 * @returns the exit code: the program's own, or 128 + the signal that ended it
 * @throws what `run` throws; for a program that can't be executed, what its files tell about the reason
 */
export async function startAttached(
  prepared: PreparedContainer,
  mode: TerminalMode,
  options: RunOptions = {},
  watch: (container: Container) => void = () => {},
): Promise<number> {
  const signals = forwardSignals(prepared.stopSignal, (message) => {
    writeSync(STDERR, `rt: ${message}\n`)
  })
  try {
    if (mode.tty) return await startOnTerminal(prepared, mode, options, signals, watch)
    const stdin = mode.interactive ? 'inherit' : 'null'
    const container = await started(prepared, {
      ...options,
      stdio: [stdin, 'inherit', 'inherit'],
      signal: signals.abort,
    })
    signals.to(container)
    watch(container)
    return exitCode(await container.exited)
  } finally {
    signals.stop()
  }
}

async function startOnTerminal(
  prepared: PreparedContainer,
  mode: TerminalMode,
  options: RunOptions,
  signals: ReturnType<typeof forwardSignals>,
  watch: (container: Container) => void,
): Promise<number> {
  // Only here: Node's terminals take 5 ms to load.
  const { connectTerminal, terminalSize } = await import('./terminal.js')
  const container = await started(prepared, { ...options, terminalSize: terminalSize(), signal: signals.abort })
  signals.to(container)
  watch(container)
  const connection = container.terminal && connectTerminal(container.terminal, mode.interactive)
  const exit = await container.exited
  await connection?.end()
  return exitCode(exit)
}

/** Started; or an error that names the file at fault if it was the execve that failed. */
async function started(prepared: PreparedContainer, options: RunOptions): Promise<Container> {
  try {
    return await run(prepared.plan, options)
  } catch (error) {
    if (SyscallError.isInstance(error) && error.syscall === 'execve') throw prepared.diagnose() ?? error
    throw error
  } finally {
    prepared.close()
  }
}
