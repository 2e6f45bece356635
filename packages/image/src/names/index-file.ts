import { readFileSync } from 'node:fs'
import { RtError } from '@rt/sys'
import { writeDurably } from '../store/durable-file.js'
import type { Places } from '../store/places.js'
import { type Entry, isEntry } from './descriptor.js'

/** What a layout's index.json holds: entries that rt understands, and all else as it was. */
export interface IndexFile {
  readonly entries: readonly Entry[]
  /** Entries of other kinds, kept as they are. */
  readonly foreign: readonly unknown[]
  readonly rest: Readonly<Record<string, unknown>>
}

const EMPTY: IndexFile = { entries: [], foreign: [], rest: { schemaVersion: 2 } }

/** ms: other tools write the file in place, so for a moment it may be empty or cut. */
const PATIENCE = 1000
const PAUSE = 5

/**
 * Reads `index.json`.
 *
 * @throws RtError RT_ARCHIVE if it is no index, and stays so
 */
export function readIndexFile({ index }: Places): IndexFile {
  for (let waited = 0; ; waited += PAUSE) {
    let text: string
    try {
      text = readFileSync(index, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY
      throw error
    }
    const read = parse(text)
    if (read) return read
    if (waited >= PATIENCE) {
      throw new RtError('RT_ARCHIVE', `${JSON.stringify(index)} is no image index`, {
        hint: 'rt image check --repair puts in its place what rt has written itself',
      })
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE)
  }
}

function parse(text: string): IndexFile | undefined {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return undefined // cut: looked at again
  }
  if (typeof document !== 'object' || document === null) return undefined
  const { manifests, ...rest } = document as Record<string, unknown>
  if (!Array.isArray(manifests)) return undefined
  return { entries: manifests.filter(isEntry), foreign: manifests.filter((each) => !isEntry(each)), rest }
}

/** Writes `index.json`. Call it under the lock. */
export function writeIndexFile({ index }: Places, { entries, foreign, rest }: IndexFile): void {
  writeDurably(index, `${JSON.stringify({ ...rest, manifests: [...foreign, ...entries] })}\n`, 0o644)
}
