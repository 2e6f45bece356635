import { writeSync } from 'node:fs'
import { formatError } from '@rt/sys'
import { ownArguments } from './arguments/own-bytes.js'
import { Interrupted } from './attach/interrupted.js'
import { dispatch } from './dispatch.js'
import { EXIT, exitCode, exitCodeOf } from './exit-codes.js'
import { BrokenPipe } from './output.js'

const STDERR = 2

/** Print the error and answer with the exit code that stands for it. */
function failed(error: unknown): number {
  if (error instanceof BrokenPipe) return EXIT.brokenPipe
  if (error instanceof Interrupted) return exitCode(error)
  try {
    writeSync(STDERR, `rt: ${formatError(error)}\n`)
  } catch {
    // stderr is closed or full: nobody is left to be told, the exit code still speaks.
  }
  return exitCodeOf(error)
}

/** See attach/replaced.ts, which most commands have no use for. */
const told = async (error: unknown): Promise<unknown> =>
  process.env.RT_REPLACED === undefined ? error : (await import('./attach/replaced.js')).spokenFor(error)

Promise.resolve()
  .then(() => dispatch(ownArguments()))
  .catch(async (error) => failed(await told(error)))
  .then((code) => {
    process.exitCode = code
  })
