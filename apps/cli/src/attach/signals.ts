import type { Container } from '@rt/program'
import { SIGNALS, type SignalName } from '@rt/sys'

/** What is passed on. SIGTSTP is not: it stops rt, as it would any program in the foreground. */
const FORWARDED: readonly SignalName[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT']

/** After this many SIGINTs or SIGTERMs patience is over, as with docker. */
const LAST = 3

/** Passes on to a container the signals that rt gets. */
export interface SignalForwarding {
  /** Aborted by SIGINT, SIGTERM or SIGHUP before the container has started. */
  readonly abort: AbortSignal
  /** From now on signals go to it. */
  to(container: Container): void
  /** Node's own reactions again. */
  stop(): void
}

/**
 * @param stopSignal what a SIGTERM becomes: the image's or the user's way to ask the program to end
 * @param warn told before the last SIGINT that the program seems to ignore them
 */
export function forwardSignals(stopSignal: number | undefined, warn: (message: string) => void): SignalForwarding {
  const controller = new AbortController()
  let container: Container | undefined
  let asked = 0
  const listeners = FORWARDED.map((name) => {
    const listener = (): void => {
      const ends = name === 'SIGINT' || name === 'SIGTERM'
      if (!container) {
        if (ends || name === 'SIGHUP') controller.abort()
        return
      }
      if (ends) asked++
      if (asked >= LAST) container.kill(SIGNALS.SIGKILL)
      else container.kill(name === 'SIGTERM' && stopSignal !== undefined ? stopSignal : SIGNALS[name])
      if (ends && asked === LAST - 1) warn(IGNORED)
    }
    process.on(name, listener)
    return [name, listener] as const
  })
  return {
    abort: controller.signal,
    to: (started) => {
      container = started
    },
    stop: () => {
      for (const [name, listener] of listeners) process.off(name, listener)
    },
  }
}

const IGNORED = 'the container’s process 1 ignores the signal, unless it handles it (--init does); once more kills it'
