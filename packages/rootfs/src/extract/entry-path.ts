import { RtError } from '@rt/sys'
import type { ByteString } from '../tar/byte-string.js'

/** Where an entry goes: the directory, and the name in it. Both are empty for the root itself. */
export interface EntryPath {
  /** Components joined by single slashes; '' is the root. */
  readonly parent: ByteString
  readonly base: ByteString
  readonly depth: number
}

/**
 * Takes a path apart. A leading slash, `.` and doubled slashes mean nothing in an archive: all paths start at its root.
 * The kernel keeps whatever this gives beneath the target; `..` is refused because no honest archive has it, and tools
 * disagree about what it means.
 *
 * @throws RtError RT_UNSAFE for a path with `..`
 */
export function splitPath(path: ByteString): EntryPath {
  const components = path.split('/').filter((component) => component !== '' && component !== '.')
  if (components.includes('..')) throw new RtError('RT_UNSAFE', 'the path contains ".."')
  const base = components.pop()
  if (base === undefined) return { parent: '', base: '', depth: 0 }
  return { parent: components.join('/'), base, depth: components.length + 1 }
}
