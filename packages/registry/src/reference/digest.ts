import { createHash, type Hash } from 'node:crypto'
import { RtError } from '@rt/sys'

/** Hashes that image-spec registers ("descriptor.md", Digests) and Node has, with the hex digits of each. */
const HEX_DIGITS: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 }

/**
 * What is wrong with a digest (image-spec "descriptor.md", Digests).
 *
 * @returns a sentence; undefined: it is one, and one that can be verified
 */
export function digestComplaint(value: unknown): string | undefined {
  if (typeof value !== 'string') return `expected a digest, got ${JSON.stringify(value)}`
  const shown = JSON.stringify(value.slice(0, 80))
  const [algorithm = '', hex, ...rest] = value.split(':')
  if (hex === undefined || rest.length > 0) return `expected a digest ALGORITHM:HEX, got ${shown}`
  const digits = Object.hasOwn(HEX_DIGITS, algorithm) ? HEX_DIGITS[algorithm] : undefined
  if (digits === undefined) return `cannot verify ${shown}: only sha256 and sha512 digests are known`
  return hex.length === digits && /^[0-9a-f]+$/.test(hex)
    ? undefined
    : `expected ${digits} lower-case hex digits after "${algorithm}:", got ${shown}`
}

/**
 * A digest that the caller gave.
 *
 * @throws RtError RT_INVALID_OPTION
 */
export function checkDigest(value: string): string {
  const complaint = digestComplaint(value)
  if (complaint !== undefined) throw new RtError('RT_INVALID_OPTION', complaint)
  return value
}

export const algorithmOf = (digest: string): string => digest.slice(0, digest.indexOf(':'))

/** A running hash of a digest's algorithm. */
export const hashOf = (digest: string): Hash => createHash(algorithmOf(digest))

/** The digest of bytes, by default the algorithm that every registry knows. */
export const digestOf = (bytes: Uint8Array, algorithm = 'sha256'): string =>
  `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
