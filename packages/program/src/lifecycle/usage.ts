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

/**
 * How a container ended, and what it has used. The latter is not enumerable, and read when it is asked for: most callers
 * only look at the code.
 *
 * @param how the fields that are seen
 */
export function ended<How extends object>(
  how: How,
  steps: readonly { readonly accounts?: Accounts }[],
  keptAs: (name: string) => Buffer | undefined,
): How & { readonly usage: Usage; readonly oomKilled: boolean } {
  const usage = (): Usage => {
    const rusage = keptAs(RUSAGE) ?? Buffer.alloc(RUSAGE_SIZE)
    const microseconds = (at: number): number =>
      Number(rusage.readBigInt64LE(at)) * 1_000_000 + Number(rusage.readBigInt64LE(at + 8))
    return {
      userMicroseconds: microseconds(0),
      systemMicroseconds: microseconds(16),
      maxRss: Number(rusage.readBigInt64LE(MAX_RSS)) * KIB,
      ...Object.assign({}, ...steps.map((step) => step.accounts?.(keptAs))),
    }
  }
  const exit: unknown = Object.defineProperties(how, {
    usage: { get: usage },
    oomKilled: { get: () => (usage().oomKills ?? 0) > 0 },
  })
  return exit as How & { readonly usage: Usage; readonly oomKilled: boolean }
}
