import { writeSync } from 'node:fs'
import type { Container } from '@rt/program'
import { SIGNALS, type SignalName } from '@rt/sys'
import { Interrupted } from './interrupted.js'

/** What is passed on. SIGTSTP is not: it stops rt, as it would any program in the foreground. */
const FORWARDED: readonly SignalName[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT']

/** Of these the third ends the container, as with docker. */
const ENDING: ReadonlySet<SignalName> = new Set(['SIGINT', 'SIGTERM'])
const LAST = 3

const STDERR = 2

/** Takes the signals that rt gets: first they stop its preparations, then they go to the container. */
export interface SignalForwarding {
  /** Aborted by SIGINT, SIGTERM, SIGHUP or SIGQUIT before there is a container. */
  readonly abort: AbortSignal
  /**
   * From now on signals go to the container.
   *
   * @param stopSignal what a SIGTERM becomes: the image's or the user's way to ask the program to end
   */
  to(container: Container, stopSignal?: number): void
  /** Why something has failed: the signal that stopped it, if there was one. */
  reason(error: unknown): unknown
  /** Node's own reactions again. */
  stop(): void
}

export function forwardSignals(): SignalForwarding {
  const controller = new AbortController()
  let send: ((name: SignalName) => void) | undefined
  const listeners = FORWARDED.map((name) => {
    const listener = (): void => {
      if (send) send(name)
      else if (ENDING.has(name) || name === 'SIGHUP' || name === 'SIGQUIT')
        controller.abort(new Interrupted(SIGNALS[name]))
    }
    process.on(name, listener)
    return [name, listener] as const
  })
  return {
    abort: controller.signal,
    to(container, stopSignal) {
      let asked = 0
      send = (name) => {
        if (ENDING.has(name)) asked++
        if (asked >= LAST) container.kill(SIGNALS.SIGKILL)
        else container.kill(name === 'SIGTERM' && stopSignal !== undefined ? stopSignal : SIGNALS[name])
        if (ENDING.has(name) && asked === LAST - 1) writeSync(STDERR, IGNORED)
      }
    },
    reason: (error) => (controller.signal.aborted ? controller.signal.reason : error),
    stop() {
      for (const [name, listener] of listeners) process.off(name, listener)
    },
  }
}

/** Process 1 of a pid namespace gets only the signals that it has a handler for; pid_namespaces(7). */
const IGNORED =
  'rt: still running: process 1 of a container ignores signals that it does not handle (--init does); once more kills it\n'
