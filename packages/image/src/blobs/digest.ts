import { createHash, type Hash } from 'node:crypto'
import { RtError } from '@rt/sys'

const HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 }

/** `sha256:…` taken apart. Its parts become names of files: an algorithm that is known, and nothing but hex digits. */
export function splitDigest(digest: string): { readonly algorithm: string; readonly hex: string } {
  const [, algorithm = '', hex = ''] = /^(sha256|sha512):([0-9a-f]+)$/.exec(digest) ?? []
  if (hex.length === HEX_LENGTH[algorithm]) return { algorithm, hex }
  throw new RtError('RT_INVALID_OPTION', `${JSON.stringify(digest.slice(0, 200))} is no digest`, {
    hint: 'sha256: and 64 hex digits, or sha512: and 128',
  })
}

export const isDigest = (text: unknown): text is string =>
  typeof text === 'string' && /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text)

export const newHash = (digest: string): Hash => createHash(splitDigest(digest).algorithm)
