/** What a container has used. Fields are absent where nothing counts them: without a group of its own, on older kernels. */
export interface Usage {
  /** Microseconds of processor time, of init and all that it has waited for. */
  readonly userMicroseconds: number
  readonly systemMicroseconds: number
  /** Bytes: of the largest single process. */
  readonly maxRss: number
  /** Bytes, of the whole group at its highest. */
  readonly memoryPeak?: number
  /** Processes and threads at once, at most. */
  readonly pidsPeak?: number
  /** How often, and for how many microseconds in all, the group had to wait for its cpu limit. */
  readonly throttledPeriods?: number
  readonly throttledMicroseconds?: number
  /** Processes that the kernel has killed for want of memory. */
  readonly oomKills?: number
}

/** What a step makes of the bytes that it has kept; see {@link Kept}. */
export type Accounts = (keptAs: (name: string) => Buffer | undefined) => Partial<Usage>

/** struct rusage of 64-bit machines; getrusage(2). */
export const RUSAGE = 'rusage'
export const RUSAGE_SIZE = 144
const MAX_RSS = 32
const KIB = 1024

/** How a container ended, and what it has used. The latter is read when it is asked for: most callers never do. */
export class Ended {
  readonly #steps: readonly { readonly accounts?: Accounts }[]
  readonly #keptAs: (name: string) => Buffer | undefined

  /** @param how the fields that an {@link Exit} shows */
  constructor(
    how: object,
    steps: readonly { readonly accounts?: Accounts }[],
    keptAs: (name: string) => Buffer | undefined,
  ) {
    Object.assign(this, how)
    this.#steps = steps
    this.#keptAs = keptAs
  }

  get usage(): Usage {
    const rusage = this.#keptAs(RUSAGE) ?? Buffer.alloc(RUSAGE_SIZE)
    const microseconds = (at: number): number =>
      Number(rusage.readBigInt64LE(at)) * 1_000_000 + Number(rusage.readBigInt64LE(at + 8))
    return {
      userMicroseconds: microseconds(0),
      systemMicroseconds: microseconds(16),
      maxRss: Number(rusage.readBigInt64LE(MAX_RSS)) * KIB,
      ...Object.assign({}, ...this.#steps.map((step) => step.accounts?.(this.#keptAs))),
    }
  }

  /** The kernel has killed a process of the container's group for want of memory: Docker's State.OOMKilled. */
  get oomKilled(): boolean {
    return (this.usage.oomKills ?? 0) > 0
  }
}
