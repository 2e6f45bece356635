import { cString, type Path } from '../native/path.js'
import { syscall } from '../native/syscall.js'
import { AT_FDCWD, O_CLOEXEC, O_NOCTTY, O_RDWR } from '../uapi/fcntl.js'
import { TIOCGPTN, TIOCGPTPEER, TIOCSPTLCK } from '../uapi/ioctls.js'

/** The two ends of a pseudoterminal, both close-on-exec. */
export interface PseudoTerminal {
  /** What the terminal's user writes and reads: rt's end. */
  readonly controller: number
  /** The terminal that a program sees. */
  readonly peer: number
  /** N of /dev/pts/N. */
  readonly index: number
}

/**
 * A pseudoterminal: `open("/dev/ptmx", O_RDWR|O_NOCTTY)`, `ioctl(TIOCSPTLCK, &0)`, `ioctl(TIOCGPTPEER, flags)`.
 * The peer is opened through the controller, not by the name /dev/pts/N: a container could have mounted something else
 * there. pty(7), ioctl_tty(2); TIOCGPTPEER Linux 4.13.
 *
 * @param ptmx path of the multiplexer: of the devpts instance where the peer shall live
 * @throws SyscallError ENOSPC at the limit (devpts option max=, sysctl kernel.pty.max), ENOENT, EACCES
 */
export function openPseudoTerminal(ptmx: Path = '/dev/ptmx'): PseudoTerminal {
  const controller = syscall('openat', AT_FDCWD, cString(ptmx), O_RDWR | O_NOCTTY | O_CLOEXEC, 0)
  try {
    // Zero unlocks; the lock is there for grantpt(3), which has nothing to do under devpts.
    syscall('ioctl', controller, TIOCSPTLCK, Buffer.alloc(4))
    const index = Buffer.alloc(4)
    syscall('ioctl', controller, TIOCGPTN, index)
    const peer = syscall('ioctl', controller, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)
    return { controller, peer, index: index.readUInt32LE(0) }
  } catch (error) {
    syscall('close', controller)
    throw error
  }
}
