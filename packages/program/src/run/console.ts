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

/**
 * Take the terminal that init has sent before its execve.
 *
 * @param socket Node's end of the console socket
 * @throws RtError RT_BROKEN_PROCESS if none came
 */
export function receiveTerminal(socket: number, size: TerminalSize | undefined): Terminal {
  const master = receiveFd(socket)
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

/** Init sends before it executes, so there is nothing to wait for. */
function receiveFd(socket: number): number {
  const [master] = receiveFds(socket, 1, 1)?.fds ?? []
  if (master === undefined) throw new RtError('RT_BROKEN_PROCESS', 'the container’s init sent no terminal')
  return master
}
