/** How far it is, in bytes of the compressed input. */
export interface Progress {
  /**
   * `hash`: a tar file is read once, to see if it is in the cache. `wait`: another process unpacks the same layer.
   * `unpack`: files are made.
   */
  readonly phase: 'hash' | 'wait' | 'unpack'
  readonly done: number
  readonly total: number
}

export type OnProgress = (progress: Progress) => void

/** Adds up bytes and reports them, at most every 50 ms and once at the end. */
export class ProgressMeter {
  #done = 0
  #reported = Number.NEGATIVE_INFINITY

  constructor(
    readonly phase: Progress['phase'],
    readonly total: number,
    readonly onProgress: OnProgress | undefined,
  ) {}

  readonly add = (bytes: number): void => {
    this.#done += bytes
    if (!this.onProgress) return
    const now = performance.now()
    if (now - this.#reported < 50 && this.#done < this.total) return
    this.#reported = now
    this.onProgress({ phase: this.phase, done: this.#done, total: this.total })
  }
}
