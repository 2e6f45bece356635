import { readFileSync } from 'node:fs'
import { writeDurably } from '../store/durable-file.js'
import type { Places } from '../store/places.js'
import { type Entry, isEntry } from './descriptor.js'

/** A name that rt gave. */
export interface OwnName {
  readonly entry: Entry
  /** What the name meant before: who puts that back has read it before us, and written after. */
  readonly before?: string | undefined
}

/**
 * The names that rt gave, by themselves: other tools write index.json without a lock, and lose what was written since they
 * read it (8 `skopeo copy` at once left 2 of 8 tags). What is lost that way is found here.
 *
 * @returns nothing for a file that is damaged: then index.json alone counts
 */
export function readOwnNames({ names }: Places): Map<string, OwnName> {
  let text: string
  try {
    text = readFileSync(names, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  }
  try {
    const pairs = Object.entries(JSON.parse(text) as Record<string, OwnName>)
    return new Map(pairs.filter(([, own]) => isEntry(own.entry)))
  } catch {
    return new Map() // not written by us: index.json has the names too
  }
}

/** Call it under the lock. */
export function writeOwnNames({ names }: Places, own: ReadonlyMap<string, OwnName>): void {
  writeDurably(names, `${JSON.stringify(Object.fromEntries(own))}\n`, 0o600)
}
