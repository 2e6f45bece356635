import { POLLIN } from '@rt/sys'
import { compute, goto, type Instruction, type Ref, ref } from '../language/instruction.js'
import { PIDFD } from '../language/vocabulary.js'
import { NO_FD, type Watch, watched } from './watch.js'

/** Init's socket is closed by its execve, or by its death. */
export const initExecutes = (socket: Ref, then: readonly Instruction[]): Watch => ({
  name: '$started',
  begin: watched('$started', socket, POLLIN),
  ready: () => [compute('$started.fd', NO_FD), ...then],
})

export const initDies: Watch = {
  name: '$death',
  begin: watched('$death', ref(PIDFD), POLLIN),
  ready: () => [compute('$death.fd', NO_FD), goto('$reap')],
}
