import { fstatSync } from 'node:fs'
import { rawSyscall, structLayout, syscallNumber, TCGETS } from '@rt/sys'

/** isatty(3). Node's own loads its network streams, which takes 4 ms; an error made ready to be read takes longer yet. */
export function isTerminal(fd: number): boolean {
  // Most often it is none, and then no native call is needed.
  if (!fstatSync(fd).isCharacterDevice()) return false
  return rawSyscall(syscallNumber('ioctl'), [fd, TCGETS, Buffer.alloc(structLayout('termios').size)]) === 0
}
