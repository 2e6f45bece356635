import type { Hash } from 'node:crypto'
import { RtError } from '@rt/sys'

/** Hashes that image-spec registers ("descriptor.md", Digests) and Node has, with the digits of each. */
const HEX_DIGITS = { sha256: 64, sha512: 128 } as const

export type DigestAlgorithm = keyof typeof HEX_DIGITS

/** `sha256:0123…`, taken apart. The hex digits are nothing but hex digits: they may be used as a file name. */
export interface Digest {
  readonly algorithm: DigestAlgorithm
  readonly hex: string
}

export const formatDigest = ({ algorithm, hex }: Digest): string => `${algorithm}:${hex}`

/**
 * Takes a digest apart.
 *
 * @returns a sentence about what is wrong, or the digest
 */
export function parseDigest(text: unknown): Digest | string {
  if (typeof text !== 'string') return `expected a digest, got ${JSON.stringify(text)}`
  const shown = JSON.stringify(text.slice(0, 80))
  const [algorithm, hex, ...rest] = text.split(':')
  if (hex === undefined || rest.length > 0) return `expected a digest ALGORITHM:HEX, got ${shown}`
  if (!Object.hasOwn(HEX_DIGITS, algorithm!)) return `expected a sha256 or sha512 digest, got ${shown}`
  const digits = HEX_DIGITS[algorithm as DigestAlgorithm]
  if (hex.length !== digits || !/^[0-9a-f]+$/.test(hex)) return `expected ${digits} lower-case hex digits, got ${shown}`
  return { algorithm: algorithm as DigestAlgorithm, hex }
}

/** node:crypto takes 5 ms to load, which a run that hashes nothing should not pay for. */
export const newHash = (algorithm: DigestAlgorithm): Hash =>
  process.getBuiltinModule('node:crypto').createHash(algorithm)

/** Checks what goes by against a digest. */
export class DigestVerifier {
  readonly #hash: Hash

  constructor(
    readonly expected: Digest,
    /** What has this digest, for the error. */
    readonly what: string,
  ) {
    this.#hash = newHash(expected.algorithm)
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  /** @throws RtError RT_ARCHIVE if all that went by is something else */
  verify(): void {
    const found = this.#hash.digest('hex')
    if (found === this.expected.hex) return
    const { algorithm } = this.expected
    throw new RtError(
      'RT_ARCHIVE',
      `${this.what} is damaged: expected ${formatDigest(this.expected)}, found ${algorithm}:${found}`,
    )
  }
}
