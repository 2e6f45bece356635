import { call, type Instruction } from '@rt/program'
import { PR_SET_PDEATHSIG } from '@rt/sys'

/**
 * Be sent a signal when the parent is gone. The frame has asked for it already; setresuid, setresgid, capset and a
 * clone undo that (prctl(2)).
 *
 * @param signal 0 for none
 */
export const dieWithParent = (signal: number): Instruction[] =>
  signal === 0
    ? []
    : [call('prctl', [PR_SET_PDEATHSIG, signal, 0, 0, 0], { why: 'a change of credentials had cleared it' })]
