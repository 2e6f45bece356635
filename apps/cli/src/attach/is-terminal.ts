import { fstatSync } from 'node:fs'
import { getTerminalAttributes, SyscallError } from '@rt/sys'

/** isatty(3). Node's own loads its network streams, which takes 4 ms. */
export function isTerminal(fd: number): boolean {
  // Most often it is none, and then no native call is needed.
  if (!fstatSync(fd).isCharacterDevice()) return false
  try {
    getTerminalAttributes(fd)
    return true
  } catch (error) {
    if (SyscallError.isInstance(error)) return false
    throw error
  }
}
