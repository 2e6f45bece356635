import { integer, object } from '../native/arguments.js'
import { syscall } from '../native/syscall.js'
import { decodeStruct, encodeStruct, structLayout } from '../structs.js'
import { TIOCGWINSZ, TIOCSWINSZ } from '../uapi/ioctls.js'

/** A terminal's size in characters. */
export interface WindowSize {
  readonly rows: number
  readonly columns: number
}

/** `ioctl(fd, TIOCGWINSZ, &size)`. ioctl_tty(2). @throws SyscallError ENOTTY if it is no terminal */
export function getWindowSize(fd: number): WindowSize {
  const memory = Buffer.alloc(structLayout('winsize').size)
  syscall('ioctl', fd, TIOCGWINSZ, memory)
  const { ws_row, ws_col } = decodeStruct('winsize', memory)
  return { rows: ws_row as number, columns: ws_col as number }
}

/**
 * `ioctl(fd, TIOCSWINSZ, &size)`: the foreground process group gets SIGWINCH if the size changes. ioctl_tty(2).
 *
 * @throws SyscallError ENOTTY if it is no terminal
 */
export function setWindowSize(fd: number, size: WindowSize): void {
  const { rows, columns } = object(size, 'size')
  const winsize = { ws_row: integer(rows, 'size.rows'), ws_col: integer(columns, 'size.columns') }
  syscall('ioctl', fd, TIOCSWINSZ, encodeStruct('winsize', winsize))
}
