import { readFileSync } from 'node:fs'
import { isReplaced, type ReplaceOptions, replace, replaced, replacedBlindly } from '@rt/program'
import { textFromBytes } from '@rt/sys'
import type { TerminalMode } from '../options/terminal.js'
import type { PreparedContainer } from '../plan/prepare.js'
import { ended } from './ended.js'
import { supervision } from './supervision.js'

/** The variable by which rt, executed once more to say what became of a container, knows the name that it had. */
const NAME = 'RT_REPLACED'

/** The name of the container that this process is to speak for; undefined: it is an ordinary start. */
export const nameReplaced = (): string | undefined => (isReplaced() ? process.env[NAME] : undefined)

/** What to say instead of an error that came before {@link speak} could: the arguments mean something else now. */
export const spokenFor = (error: unknown): unknown => (nameReplaced() === undefined ? error : replacedBlindly(error))

const options = (prepared: PreparedContainer, mode: TerminalMode, name: string): ReplaceOptions => ({
  supervision: supervision(mode, prepared.stopSignal),
  fds: prepared.fds,
  speaker: {
    file: process.execPath,
    argv: own('cmdline'),
    env: [...own('environ').filter(isOthers), `${NAME}=${name}`],
  },
})

/** Byte for byte as this process has got them. */
const own = (what: 'cmdline' | 'environ'): string[] =>
  textFromBytes(readFileSync(`/proc/self/${what}`))
    .split('\0')
    .slice(0, -1)

const isOthers = (variable: string): boolean => !variable.startsWith(`${NAME}=`)

/**
 * No Node stays beside the container: this process becomes its supervisor.
 *
 * @throws what `replace` throws: then nothing has been started
 */
export function becomeSupervisor(prepared: PreparedContainer, mode: TerminalMode, name: string): never {
  // What is done when a program ends: the execve asks nobody. All that a start needs has been compiled by then.
  const last = () => void process.emit('exit', 0)
  return replace(prepared.plan, { ...options(prepared, mode, name), last })
}

/**
 * The same arguments have been read again, in a process that the supervisor has become: it had something to say.
 *
 * @returns the exit code
 * @throws what the set-up has failed with
 */
export async function speak(
  prepare: () => Promise<PreparedContainer>,
  mode: TerminalMode,
  name: string,
  explained: (error: unknown, prepared: PreparedContainer) => unknown,
): Promise<number> {
  let prepared: PreparedContainer | undefined
  try {
    const told = await replaced(async () => {
      prepared = await prepare()
      return [prepared.plan, options(prepared, mode, name)]
    })
    if ('exit' in told) return ended(told.exit, [])
    throw prepared ? explained(told.failure, prepared) : told.failure
  } finally {
    prepared?.close()
  }
}
