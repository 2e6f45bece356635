import { branch, compute, fail, goto, type Instruction, label, ref } from '@rt/program'

/** How often in all. A word starts as -1: the first failure makes it 0, and the last one this less 1. */
const TRIES = 64

/** Where openat2 goes on EAGAIN inside {@link retryOnEagain}. */
export const BUSY = 'busy'

/**
 * Do it again when openat2(2) says EAGAIN: it met a ".." while something was renamed or mounted somewhere on the
 * machine. Bounded, or a neighbour who renames all day could hold up the start for ever.
 *
 * @param instructions calls with `onError: { EAGAIN: BUSY }`; every one of them may run more than once
 */
export const retryOnEagain = (instructions: readonly Instruction[]): Instruction[] => [
  label('again'),
  ...instructions,
  goto('resolved'),
  label(BUSY),
  compute('tries', ref('tries'), 1, 1),
  branch(ref('tries'), TRIES - 1, { else: 'again' }),
  fail(
    'cannot walk a path: something is renamed or mounted all the time',
    'a process that shares this file system may be racing with the start: an attack, or bad luck; try again',
  ),
  label('resolved'),
]
