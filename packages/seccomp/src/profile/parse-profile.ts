import { RtError } from '@rt/sys'
import { profileComplaints } from './check-profile.js'
import type { SeccompProfile } from './profile.js'

/** Marks a whole number that a double would round; no JSON text can hold a string that starts so by accident. */
const EXACT = '\u0000exact:'

/**
 * Read a profile: OCI's `linux.seccomp`, or Docker's file. Numbers above 2^53 keep all their bits, as bigint.
 *
 * @param origin what the text came from, for errors: `--security-opt seccomp=FILE`
 * @throws RtError RT_INVALID_CONFIG with every complaint and its JSON path
 */
export function parseProfile(text: string, origin?: string): SeccompProfile {
  let value: unknown
  try {
    value = JSON.parse(markLargeNumbers(text), (_, each: unknown) =>
      typeof each === 'string' && each.startsWith(EXACT) ? BigInt(each.slice(EXACT.length)) : each,
    )
  } catch (error) {
    throw new RtError('RT_INVALID_CONFIG', `the seccomp profile is not JSON: ${(error as Error).message}`, {
      origin,
      cause: error,
    })
  }
  const complaints = profileComplaints(value)
  if (complaints.length > 0) {
    throw new RtError('RT_INVALID_CONFIG', 'this is no seccomp profile', { origin, complaints })
  }
  return value as SeccompProfile
}

/** Whole numbers of 16 digits and more as marked strings. Strings are matched too, so that digits in them stay. */
const markLargeNumbers = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (token) =>
    token.startsWith('"') ? token : JSON.stringify(EXACT + token),
  )
