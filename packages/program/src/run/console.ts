import { closeSync } from 'node:fs'
import type { ReadStream } from 'node:tty'
import { RtError, receiveFds, setWindowSize, type WindowSize } from '@rt/sys'

/** Of a terminal, in characters. */
export type TerminalSize = WindowSize

/** The master's side of a container's terminal: what is written is typed, what is read was printed. */
export interface Terminal {
  /** Both ways. It ends when the last process of the container has closed the terminal. */
  readonly stream: ReadStream
  /** TIOCSWINSZ: the foreground process gets SIGWINCH. @throws SyscallError */
  resize(size: TerminalSize): void
}

/** A terminal by its master. */
export function terminalOn(master: number, size: TerminalSize | undefined): Terminal {
  const resize = (to: TerminalSize): void => setWindowSize(master, to)
  try {
    if (size) resize(size)
    // Loaded here: node:tty takes milliseconds, and most containers have no terminal.
    const stream = new (process.getBuiltinModule('node:tty').ReadStream)(master)
    // The kernel's way to say that nobody has the other side open any more.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EIO') stream.destroy()
    })
    return { stream, resize }
  } catch (error) {
    closeSync(master)
    throw error
  }
}

/**
 * A descriptor that init has sent before its execve, so that there is nothing to wait for.
 *
 * @throws RtError RT_BROKEN_PROCESS if none came
 */
export function receiveFd(socket: number): number {
  // The supervisor sends a word with each: see hand-over.ts.
  const [fd] = receiveFds(socket, WORD, 1)?.fds ?? []
  if (fd === undefined) throw new RtError('RT_BROKEN_PROCESS', 'the container’s init sent no descriptor')
  return fd
}

const WORD = 8
