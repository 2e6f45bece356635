import { textBytes, textFromBytes } from '@rt/sys'
import { DEFAULT_PATH } from './default-path.js'

/** Text for the kernel: a string, in which bytes that are not UTF-8 may be escaped (`textFromBytes`), or bytes as they are. */
export type Text = string | Uint8Array

/** What the kernel gets of it, without the NUL. */
export const bytesOf = (text: Text): Buffer => (typeof text === 'string' ? textBytes(text) : Buffer.from(text))

const SLASH = 0x2f
const COLON = 0x3a
const PREFIX = Buffer.from('PATH=')

/** The bytes of $PATH in an environment, as getenv(3): the first entry counts. */
export function pathOf(env: readonly Text[]): Buffer {
  for (const entry of env) {
    const bytes = bytesOf(entry)
    if (bytes.subarray(0, PREFIX.length).equals(PREFIX)) return bytes.subarray(PREFIX.length)
  }
  return Buffer.from(DEFAULT_PATH)
}

/**
 * The files that a command may be, in the order of $PATH. A name with a slash is itself. An empty part of $PATH is the
 * working directory, as for execvp(3).
 */
export function candidates(command: Text, env: readonly Text[]): Text[] {
  const name = bytesOf(command)
  if (name.length === 0 || name.includes(SLASH)) return [command]
  return split(pathOf(env)).map((directory) => {
    return textFromBytes(Buffer.concat([directory.length === 0 ? Buffer.from('.') : directory, Buffer.from('/'), name]))
  })
}

function split(path: Buffer): Buffer[] {
  const parts: Buffer[] = []
  for (let rest = path; ; ) {
    const colon = rest.indexOf(COLON)
    if (colon < 0) return [...parts, rest]
    parts.push(rest.subarray(0, colon))
    rest = rest.subarray(colon + 1)
  }
}
