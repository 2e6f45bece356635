import { closeSync } from 'node:fs'
import type { ReadStream } from 'node:tty'
import {
  addressOf,
  MSG_CMSG_CLOEXEC,
  MSG_DONTWAIT,
  RtError,
  rawSyscall,
  syscall,
  syscallNumber,
  TIOCSWINSZ,
} from '@rt/sys'

/** Of a terminal, in characters. */
export interface TerminalSize {
  readonly rows: number
  readonly columns: number
}

/** The master's side of a container's terminal: what is written is typed, what is read was printed. */
export interface Terminal {
  /** Both ways. It ends when the last process of the container has closed the terminal. */
  readonly stream: ReadStream
  /** TIOCSWINSZ: the foreground process gets SIGWINCH. @throws SyscallError */
  resize(size: TerminalSize): void
}

const HEADER = 16
const MSGHDR_SIZE = 56

/**
 * Take the terminal that init has sent before its execve.
 *
 * @param socket Node's end of the console socket
 * @throws RtError RT_BROKEN_PROCESS if none came
 */
export function receiveTerminal(socket: number, size: TerminalSize | undefined): Terminal {
  const master = receiveFd(socket)
  const resize = ({ rows, columns }: TerminalSize): void => {
    const winsize = new Uint8Array(new Uint16Array([rows, columns, 0, 0]).buffer)
    syscall('ioctl', master, TIOCSWINSZ, winsize)
  }
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

/** One fd by SCM_RIGHTS (unix(7), cmsg(3)); never waits, since init sends before it executes. */
function receiveFd(socket: number): number {
  const byte = Buffer.alloc(1)
  const control = Buffer.alloc(HEADER + 8)
  const iovec = Buffer.alloc(16)
  iovec.writeBigUInt64LE(addressOf(byte), 0)
  iovec.writeBigUInt64LE(1n, 8)
  const header = Buffer.alloc(MSGHDR_SIZE)
  header.writeBigUInt64LE(addressOf(iovec), 16)
  header.writeBigUInt64LE(1n, 24)
  header.writeBigUInt64LE(addressOf(control), 32)
  header.writeBigUInt64LE(BigInt(control.length), 40)
  const got = rawSyscall(syscallNumber('recvmsg'), [socket, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC])
  if (got < 1 || control.readUInt32LE(0) !== HEADER + 4) {
    throw new RtError('RT_BROKEN_PROCESS', 'the container’s init sent no terminal')
  }
  return control.readInt32LE(HEADER)
}
