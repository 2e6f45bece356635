import { closeSync, readlinkSync } from 'node:fs'
import { CLD_EXITED, type RtError } from '@rt/sys'
import { LOG_FD } from '../assemble/layout.js'
import { SIGINFO } from '../language/vocabulary.js'
import { ended } from '../lifecycle/usage.js'
import type { Plan } from '../plan/plan.js'
import type { Exit } from './exit.js'
import { diedDuringSetup, setupFailure } from './failure.js'
import { LOG_NAME, Log } from './log.js'
import { bareFailure, isMarked } from './log-mark.js'
import { programOf, type ReplaceOptions } from './replace.js'

/** What {@link replace} was given. */
export type Replacement = readonly [plan: Plan, options: ReplaceOptions]

/** How a container ended whose supervisor {@link replace} has become. */
export type Replaced = { readonly failure: RtError } | { readonly exit: Exit }

/** Has a program that `replace` executed executed this one, to tell how it went? */
export function isReplaced(): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${LOG_FD}`).startsWith(`/memfd:${LOG_NAME} `)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/**
 * What has become of a container, from the log that its program left to this process.
 *
 * @param again gives what `replace` was given, from what that was made from; where that fails, or is another plan now, the
 *   log tells no more than a number and an errno
 */
export async function replaced(again: () => Promise<Replacement> | Replacement): Promise<Replaced> {
  let program: ReturnType<typeof programOf>
  try {
    const [plan, options] = await again()
    program = programOf(plan, options, FIRST_NUMBER)
  } catch (error) {
    return { failure: replacedBlindly(error) }
  }
  if (!isMarked(LOG_FD, program)) return { failure: replacedBlindly(undefined) }
  const log = new Log(program, LOG_FD)
  const info = log.keptAs(SIGINFO) ?? Buffer.alloc(0)
  const status = info.readInt32LE(24)
  const how = info.readInt32LE(8) === CLD_EXITED ? { code: status } : { signal: status }
  const failure =
    setupFailure(program, log) ?? ('signal' in how ? diedDuringSetup(program, log, how.signal) : undefined)
  const exit = ended(how, program.plan.steps, (name) => log.keptAs(name))
  log.close()
  return failure ? { failure } : { exit }
}

/**
 * The same where the plan can't even be made again.
 *
 * @param cause why not
 */
export function replacedBlindly(cause: unknown): RtError {
  const failure = bareFailure(LOG_FD, cause)
  closeSync(LOG_FD)
  return failure
}

/** Any that is not the log's own: the program has the same operations. */
const FIRST_NUMBER = LOG_FD + 1
