import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'

/** How much an archive may ask for. Over it, unpacking stops with RtError RT_LIMIT. */
export interface Limits {
  /** Members of one archive. Default: 4,000,000. */
  readonly entries: number
  /** Components of a path. Default: 256. */
  readonly depth: number
  /** Bytes of a path, or of a link's target. Default: 4095, the kernel's PATH_MAX without the NUL. */
  readonly pathLength: number
  /** Bytes of the files' content together, holes included, per archive. Default: 256 GiB. */
  readonly bytes: number
  /** Uncompressed bytes for each compressed one, once 256 MiB came out. Default: 1000 (gzip reaches 1032 on zeros). */
  readonly ratio: number
}

/** What is taken where nothing is given: far above any image, far below what harms the machine. */
export const DEFAULT_LIMITS: Limits = {
  entries: 4_000_000,
  depth: 256,
  pathLength: 4095,
  bytes: 256 * 2 ** 30,
  ratio: 1000,
}

/** Below this much output the ratio says nothing: an empty disk image compresses well too. */
export const RATIO_FREE_BYTES = 256 * 2 ** 20

/** Explanation of each limit for its error: what was counted. */
const COUNTED: Readonly<Record<keyof Limits, string>> = {
  entries: 'entries',
  depth: 'path components',
  pathLength: 'bytes of path',
  bytes: 'bytes of content',
  ratio: 'uncompressed bytes for each compressed one',
}

/** @throws RtError RT_LIMIT if `found` is above the limit */
export function checkLimit(limits: Limits, limit: keyof Limits, found: number, where: string): void {
  if (found <= limits[limit]) return
  throw new RtError('RT_LIMIT', `${where}: more than ${limits[limit]} ${COUNTED[limit]}`, {
    hint: `if the archive is to be trusted, raise limits.${limit}`,
  })
}

const LIMITS: OptionKeys<Partial<Limits>> = { entries: true, depth: true, pathLength: true, bytes: true, ratio: true }

/**
 * The limits to use.
 *
 * @throws RtError RT_INVALID_OPTION, all that is wrong at once, for what is no positive number
 */
export function withDefaults(limits: Partial<Limits> = {}): Limits {
  refuseUnknownOptions('limits', limits, LIMITS)
  const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
  const merged: Limits = { ...DEFAULT_LIMITS, ...given }
  const complaints = Object.entries(merged)
    .filter(([, value]) => !(typeof value === 'number' && value > 0))
    .map(([name, value]) => ({ path: `limits.${name}`, message: `expected a number above 0, got ${String(value)}` }))
  if (complaints.length > 0) throw new RtError('RT_INVALID_OPTION', 'bad limits', { complaints })
  return merged
}
