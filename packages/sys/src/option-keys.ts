import { type Complaint, RtError } from './errors.js'
import { nearest } from './nearest.js'

/** The keys of an options object, each with `true`: the compiler sees that none is missing and none is too many. */
export type OptionKeys<T> = Readonly<Record<T extends unknown ? keyof T & string : never, true>>

/**
 * Refuse keys that an options object doesn't have: a misspelt option would be silently left out, a limit or a
 * restriction among them. A key whose value is undefined is one that isn't given.
 *
 * @param what the function, for the message: `run`
 * @throws RtError RT_INVALID_OPTION with each unknown key, and what was most likely meant
 */
export function refuseUnknownOptions<T extends object>(
  what: string,
  options: T | undefined,
  known: OptionKeys<T>,
): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new RtError('RT_INVALID_OPTION', `${what} takes an object of options, got ${JSON.stringify(options)}`)
  }
  const complaints: Complaint[] = []
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(known, key)) continue
    const meant = nearest(key, Object.keys(known))
    complaints.push({
      path: key,
      message:
        meant === undefined
          ? `no option of ${what}: there are ${Object.keys(known).join(', ')}`
          : `no option of ${what}; did you mean ${meant}?`,
    })
  }
  if (complaints.length > 0) throw new RtError('RT_INVALID_OPTION', `unknown options of ${what}`, { complaints })
}
