import { rawSyscall, structLayout, syscallNumber, TCGETS, TCSETS } from '@rt/sys'

/** How a terminal is set at the moment, to be put back: undefined if the fd is none. */
export function terminalMode(fd: number): { restore(): void } | undefined {
  const ioctl = syscallNumber('ioctl')
  const termios = Buffer.alloc(structLayout('termios').size)
  if (rawSyscall(ioctl, [fd, TCGETS, termios]) !== 0) return undefined
  return { restore: () => void rawSyscall(ioctl, [fd, TCSETS, termios]) }
}
