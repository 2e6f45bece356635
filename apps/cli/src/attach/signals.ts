import { fstatSync, writeSync } from 'node:fs'
import type { Container } from '@rt/program'
import { ERRNO, rawSyscall, SIGNALS, type SignalName, structLayout, syscallNumber, TCGETS } from '@rt/sys'
import { Interrupted } from './interrupted.js'

/** What is passed on. SIGTSTP is not: it stops rt, as it would any program in the foreground. */
const FORWARDED: readonly SignalName[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT']

/** These stop rt before there is a container. */
const ABORTING: ReadonlySet<SignalName> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])

/** Of these the third ends the container, as with docker. */
const ENDING: ReadonlySet<SignalName> = new Set(['SIGINT', 'SIGTERM'])
const LAST = 3

const STDERR = 2

/** Takes the signals that rt gets: first they stop its preparations, then they go to the container. */
export interface SignalForwarding {
  /** Aborted by SIGINT, SIGTERM, SIGHUP or SIGQUIT while rt prepares; by the second of them while it starts. */
  readonly abort: AbortSignal
  /** The container is being started: its program may run before rt hears of it, so signals are kept for it. */
  hold(): void
  /**
   * From now on signals go to the container, those that were kept first.
   *
   * @param stopSignal what a SIGTERM becomes: the image's or the user's way to ask the program to end
   */
  to(container: Container, stopSignal?: number): void
  /**
   * Take those that have come so far, and no more: from here on they have the meaning that they have for any program.
   *
   * @throws Interrupted for one that stops rt
   */
  settle(): Promise<void>
  /** Why something has failed: the signal that stopped it, if there was one. */
  reason(error: unknown): unknown
  /** Node's own reactions again. Where the terminal is gone rt ends here, by SIGHUP. */
  stop(): void
}

export function forwardSignals(): SignalForwarding {
  const controller = new AbortController()
  const abort = (name: SignalName): void => {
    if (ABORTING.has(name)) controller.abort(new Interrupted(SIGNALS[name]))
  }
  const kept: SignalName[] = []
  let take = abort
  let hungUp = false
  const listeners = FORWARDED.map((name) => {
    const listener = (): void => {
      hungUp ||= name === 'SIGHUP' && isTerminalGone()
      take(name)
    }
    process.on(name, listener)
    return [name, listener] as const
  })
  return {
    abort: controller.signal,
    hold() {
      take = (name) => {
        if (kept.some((each) => ABORTING.has(each))) abort(name)
        kept.push(name)
      }
    },
    to(container, stopSignal) {
      let asked = 0
      take = (name) => {
        if (ENDING.has(name)) asked++
        if (asked >= LAST) container.kill(SIGNALS.SIGKILL)
        else container.kill(name === 'SIGTERM' && stopSignal !== undefined ? stopSignal : SIGNALS[name])
        if (ENDING.has(name) && asked === LAST - 1) writeSync(STDERR, IGNORED)
        // Nobody is left who could ask again.
        if (name === 'SIGHUP') setTimeout(() => container.kill(SIGNALS.SIGKILL), GRACE_MS).unref()
      }
      for (const name of kept.splice(0)) take(name)
    },
    async settle() {
      // Node has put them into a pipe, which it reads once every turn.
      await new Promise((resolve) => setImmediate(resolve))
      controller.signal.throwIfAborted()
      for (const [name, listener] of listeners) process.off(name, listener)
    },
    reason: (error) => (controller.signal.aborted ? controller.signal.reason : error),
    stop() {
      for (const [name, listener] of listeners) process.off(name, listener)
      // Node's exit sets the mode of its terminal, and aborts where that is gone.
      if (hungUp) process.kill(process.pid, 'SIGHUP')
    },
  }
}

/** stdin is a terminal that has been hung up: it can't be asked any more, and was one when rt was started. */
const isTerminalGone = (): boolean => {
  if (!fstatSync(0).isCharacterDevice()) return false
  return rawSyscall(syscallNumber('ioctl'), [0, TCGETS, Buffer.alloc(structLayout('termios').size)]) === -ERRNO.EIO
}

/** How long a container may go on when its terminal has been hung up, as its supervisor has it (GRACE_MS there). */
const GRACE_MS = 10_000

/** Process 1 of a pid namespace gets only the signals that it has a handler for; pid_namespaces(7). */
const IGNORED =
  'rt: still running: process 1 of a container ignores signals that it does not handle (--init does); once more kills it\n'
