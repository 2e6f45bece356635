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

/** Where a step has kept a field of the usage: see {@link Kept}. */
export interface Account {
  readonly field: keyof Usage
  /** Name of the bytes: a number in decimal, or lines of a name and a number. */
  readonly kept: string
  /** The name of the line. */
  readonly line?: string
  /** The number is in units so many times smaller. */
  readonly divisor?: number
}

/** struct rusage of 64-bit machines; getrusage(2). */
export const RUSAGE = 'rusage'
export const RUSAGE_SIZE = 144
const MAX_RSS = 32
const KIB = 1024

/** undefined where the kernel has no such file or line */
function numberOf(
  { kept, line, divisor = 1 }: Account,
  keptAs: (name: string) => Buffer | undefined,
): number | undefined {
  const bytes = keptAs(kept)
  const text = bytes?.toString('latin1', 0, Math.max(bytes.indexOf(0), 0)) ?? ''
  const found = line === undefined ? /^(\d+)\s*$/.exec(text) : new RegExp(`^${line} (\\d+)$`, 'm').exec(text)
  return found?.[1] === undefined ? undefined : Math.round(Number(found[1]) / divisor)
}

/**
 * How a container ended, and what it has used. The latter is not enumerable, and read when it is asked for: most callers
 * only look at the code.
 *
 * @param how the fields that are seen
 */
export function ended<How extends object>(
  how: How,
  steps: readonly { readonly accounts?: readonly Account[] }[],
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
      ...Object.fromEntries(
        steps.flatMap(({ accounts = [] }) =>
          accounts.flatMap((account) => {
            const number = numberOf(account, keptAs)
            return number === undefined ? [] : [[account.field, number]]
          }),
        ),
      ),
    }
  }
  const exit: unknown = Object.defineProperties(how, {
    usage: { get: usage },
    oomKilled: { get: () => (usage().oomKills ?? 0) > 0 },
  })
  return exit as How & { readonly usage: Usage; readonly oomKilled: boolean }
}
