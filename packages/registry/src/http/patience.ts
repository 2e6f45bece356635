import { setTimeout as sleep } from 'node:timers/promises'
import type { RegistryError } from '../errors/registry-error.js'

/** How long an operation goes on trying. */
export interface RetryPolicy {
  /**
   * Milliseconds that one operation (a manifest, a blob, an upload) may lose in all: by waiting, and by attempts that
   * brought nothing. Default: 120,000.
   */
  readonly totalMilliseconds: number
  /** Milliseconds before the second attempt; it doubles with each that fails. Default: 500. */
  readonly firstDelayMilliseconds: number
}

export const DEFAULT_RETRY: RetryPolicy = { totalMilliseconds: 120_000, firstDelayMilliseconds: 500 }

/** Longer than this nobody waits between two attempts unless the server says so. */
const LONGEST_DELAY = 30_000

/**
 * What an operation has left of its time, over all its requests. One limit for all of them: a limit per request would
 * make an upload of a hundred requests a hundred times as patient.
 */
export class Patience {
  #lost = 0
  /** Attempts since something came, for the delay. */
  #failures = 0
  #attempts = 1
  #mark = performance.now()

  constructor(
    readonly policy: RetryPolicy,
    readonly signal?: AbortSignal,
  ) {}

  /** How many attempts failed so far, of all requests. */
  get failedAttempts(): number {
    return this.#attempts - 1
  }

  /** Something came: the time up to here was not lost. */
  progress(): void {
    this.#failures = 0
    this.#mark = performance.now()
  }

  /**
   * Waits before another attempt.
   *
   * @param error what the last attempt failed with
   * @param asked milliseconds that the server asked to wait (Retry-After)
   * @throws that error when the time is used up; the signal's reason
   */
  async pause(error: RegistryError, asked?: number): Promise<void> {
    const { totalMilliseconds: total, firstDelayMilliseconds: first } = this.policy
    const backoff = Math.min(first * 2 ** this.#failures, LONGEST_DELAY)
    // Jitter: clients that one outage stopped at the same time must not come back at the same time. Never earlier than
    // asked.
    const delay = asked === undefined ? backoff * (0.5 + Math.random() / 2) : asked + Math.random() * first
    this.#lost += performance.now() - this.#mark
    if (this.#lost + delay > total) {
      throw error.withHint(
        asked !== undefined && asked > total
          ? `it asks to wait ${seconds(asked)} s, longer than all retries may take (${seconds(total)} s): try again then`
          : `given up after ${this.#attempts} attempts and ${seconds(this.#lost)} s: try again later`,
      )
    }
    await sleep(delay, undefined, this.signal ? { signal: this.signal } : {}).catch((aborted: unknown) => {
      throw this.signal?.aborted ? this.signal.reason : aborted
    })
    this.#lost += delay
    this.#failures++
    this.#attempts++
    this.#mark = performance.now()
  }
}

const seconds = (milliseconds: number): string => String(Math.round(milliseconds / 100) / 10)
