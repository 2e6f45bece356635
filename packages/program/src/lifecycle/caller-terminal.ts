import { SIGNALS, TCGETS, TCSETS, TIOCGPGRP, TIOCGWINSZ, TIOCSWINSZ } from '@rt/sys'
import { address, branch, buffer, call, compute, goto, type Instruction, label, ref } from '../language/instruction.js'
import { MASTER } from '../language/vocabulary.js'
import { lower } from './watch.js'

/** What the supervisor does to the terminal of whoever started it: its size, its mode, its foreground. */
export const STDIN = 0
export const STDOUT = 1
const SIGTTOU = SIGNALS.SIGTTOU

/** Stores are eight bytes wide: room behind the last field. */
export const TERMIOS_SPACE = 48
const C_IFLAG = 0
const C_CFLAG = 8
const C_LINE = 16
/** c_cc[VTIME], and VMIN after it. */
const VTIME = 22
const IUTF8 = 0x4000
const VMIN_1 = 0x0100

let marks = 0
/** For another program. */
export const newMarks = (): void => {
  marks = 0
}
/** Some of these sequences stand in several places. */
const mark = (what: string): string => `$terminal: ${what} ${++marks}`

/** The caller's size is the container's. Its stdout is asked first: stdin may be a pipe. */
export function copySize(): Instruction[] {
  const [found, none] = [mark('size'), mark('no size')]
  return [
    call('ioctl', [STDOUT, TIOCGWINSZ, buffer('$winsize', 8)], { onError: { '*': `${found} by stdin` } }),
    goto(found),
    label(`${found} by stdin`),
    call('ioctl', [STDIN, TIOCGWINSZ, buffer('$winsize', 8)], { onError: { '*': none } }),
    label(found),
    call('ioctl', [ref(MASTER), TIOCSWINSZ, buffer('$winsize', 8)], { tolerate: 'any' }),
    label(none),
  ]
}

/** Set the mode of the caller's terminal, if it is one that was made raw. */
export function setMode(mode: '$raw' | '$saved'): Instruction[] {
  const done = mark(mode)
  return [
    branch(ref('$isRaw'), 1, { else: done }),
    call('ioctl', [STDIN, TCSETS, address(mode)], { tolerate: 'any' }),
    label(done),
  ]
}

/** Where the terminal's foreground is this process's group, go on; else to a label. */
export function comparedGroups(same: string, noTerminal: string): Instruction[] {
  return [
    // An int: the upper half of the word stays zero.
    call('ioctl', [STDIN, TIOCGPGRP, buffer('$foreground', 8)], { onError: { '*': noTerminal } }),
    call('getpgid', [0], { save: '$group' }),
    compute('$difference', ref('$foreground'), ref('$group'), -1),
    branch(ref('$difference'), 0, { then: same }),
  ]
}

/** The whole job, as the terminal's driver would do it. SIGTTOU is blocked here, so this process is stopped by itself. */
export const stopSelf: readonly Instruction[] = [
  call('kill', [0, SIGTTOU], { tolerate: 'any' }),
  call('getpid', [], { save: '$self' }),
  call('kill', [ref('$self'), SIGNALS.SIGSTOP], {
    why: 'a background job waits until it is in front',
    tolerate: 'any',
  }),
]

/** A background job that changed the terminal's mode would take it from the job in front. */
export function awaitForeground(): Instruction[] {
  const [again, inFront] = [mark('look'), mark('in front')]
  return [label(again), ...comparedGroups(inFront, inFront), ...stopSelf, goto(again), label(inFront)]
}

/**
 * cfmakeraw(3) with the machine's arithmetic, which knows no "and": what raw mode sets is constant but for IUTF8 and the
 * control flags. Output processing is off too, as with docker: the inner terminal has done it.
 */
export function makeRaw(): Instruction[] {
  return [
    compute('$isRaw', 0),
    ...awaitForeground(),
    call('ioctl', [STDIN, TCGETS, buffer('$saved', TERMIOS_SPACE)], { onError: { '*': '$no terminal' } }),
    compute('$raw.at', buffer('$raw', TERMIOS_SPACE)),
    compute(`$raw+${C_IFLAG}`, 0),
    branch(ref('$saved', C_IFLAG), IUTF8, { mask: IUTF8, else: '$not UTF-8' }),
    compute(`$raw+${C_IFLAG}`, IUTF8),
    label('$not UTF-8'),
    ...lower('$cflag', ref('$saved', C_CFLAG)),
    compute(`$raw+${C_CFLAG}`, ref('$cflag')),
    ...[32, C_LINE].map((at) => compute(`$raw+${at}`, ref('$saved', at))),
    compute(`$raw+${VTIME}`, VMIN_1),
    compute('$raw+24', ref('$saved', 24)),
    compute('$isRaw', 1),
    ...setMode('$raw'),
    label('$no terminal'),
  ]
}
