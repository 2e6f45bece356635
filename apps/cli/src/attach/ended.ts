import type { Exit } from '@rt/program'
import { SIGNALS } from '@rt/sys'
import { exitCode } from '../exit-codes.js'
import { warnAbout } from '../progress/warn.js'

/** @returns the exit code for how a container has ended, and says what is worth saying about that */
export function ended(exit: Exit, warnings: readonly string[]): number {
  // What a process inside was killed for is the container's own to tell.
  const outOfMemory = 'signal' in exit && exit.signal === SIGNALS.SIGKILL && exit.oomKilled
  warnAbout([...warnings, ...(outOfMemory ? ['the program was killed: out of memory (see --memory)'] : [])])
  return exitCode(exit)
}
