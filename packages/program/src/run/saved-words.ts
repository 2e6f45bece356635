import { F_DUPFD_CLOEXEC, type SyscallName } from '@rt/sys'
import type { Program } from '../assemble/assemble.js'
import { scoped } from '../assemble/operands.js'
import type { Call, Instruction } from '../language/instruction.js'
import type { Results } from './failure.js'

/** Words by their full names. */
export type KnownWords = ReadonlyMap<string, number>

/**
 * The words that instructions before `host.gone` have saved, as far as they ran.
 *
 * @param withFds fds are of use only in the process that opened them
 */
export function savedWords(
  { plan, sites }: Pick<Program, 'plan' | 'sites'>,
  results: Results,
  withFds: boolean,
): KnownWords {
  const words = new Map<string, number>()
  sites.forEach(({ process, step, instruction, helper }, i) => {
    const result = results[i]
    if (process !== 'supervisor' || step < 0 || helper !== undefined || result === undefined) return
    if (!('save' in instruction) || instruction.save === undefined) return
    if ((!withFds && isOpener(instruction)) || plan.steps[step]?.['host.gone']?.includes(instruction)) return
    words.set(scoped(instruction.save, `${step}.`), result)
  })
  return words
}

/** Calls whose result is an fd; fcntl(2) has many meanings. */
const OPENERS: ReadonlySet<SyscallName> = new Set([
  'openat',
  'openat2',
  'open_tree',
  'fsopen',
  'fspick',
  'fsmount',
  'socket',
  'memfd_create',
  'pidfd_open',
  'pidfd_getfd',
] as const)

export const opensFd = ({ call, args }: Call): boolean =>
  OPENERS.has(call) || (call === 'fcntl' && args[1] === F_DUPFD_CLOEXEC)

const isOpener = (instruction: Instruction): boolean => instruction.kind === 'call' && opensFd(instruction)
