import { branch, call, compute, goto, type Instruction, label, ref } from '../language/instruction.js'
import { STDOUT } from './caller-terminal.js'

/** Ctrl-C, and how a terminal echoes it: `^C`. */
const INTERRUPT = 3
export const ECHO = 2
/** So often, one after the other, and nothing has come of it. */
const IN_VAIN = 3

/** The terminal is raw. */
const STILL_RUNNING =
  '\r\nrt: still running: process 1 of a container ignores Ctrl-C unless it handles it (with --init it need not);' +
  ' closing this terminal, or kill -KILL for rt, ends it\r\n'

/** A shell answers Ctrl-C with a prompt, an editor with a line; who ignores it prints nothing. */
export const countInterrupts: readonly Instruction[] = [
  branch(ref('$keys.left'), 1, { else: '$other keys' }),
  branch(ref('$typed'), INTERRUPT, { mask: 0xff, else: '$other keys' }),
  compute('$interrupts', ref('$interrupts'), 1, 1),
  branch(ref('$interrupts'), IN_VAIN, { else: '$keys are counted' }),
  call('write', [STDOUT, STILL_RUNNING, Buffer.byteLength(STILL_RUNNING)], { tolerate: 'any' }),
  goto('$keys are counted'),
  label('$other keys'),
  compute('$interrupts', 0),
  label('$keys are counted'),
]
