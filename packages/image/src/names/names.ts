import { withLock } from '../store/file-lock.js'
import type { Places } from '../store/places.js'
import { type Entry, nameOf } from './descriptor.js'
import { type IndexFile, readIndexFile, writeIndexFile } from './index-file.js'
import { type OwnName, readOwnNames, writeOwnNames } from './own-names.js'

/** The images of a store, as index.json and rt's own names say together. */
export interface Names {
  /** With names and without. */
  readonly entries: readonly Entry[]
  /** Names of rt's that other tools have lost from index.json. */
  readonly vanished: readonly string[]
}

interface Read extends Names {
  readonly file: IndexFile
  readonly own: ReadonlyMap<string, OwnName>
}

/**
 * What the store has. Looks only.
 *
 * @throws RtError RT_ARCHIVE for an index.json that is none
 */
export function readNames(places: Places): Names {
  return together(readIndexFile(places), readOwnNames(places))
}

function together(file: IndexFile, own: ReadonlyMap<string, OwnName>): Read {
  const entries: Entry[] = []
  const seen = new Set<string>()
  for (const entry of file.entries) {
    const name = nameOf(entry)
    if (name !== undefined) seen.add(name)
    const ours = name === undefined ? undefined : own.get(name)
    // Another tool gave the name anew; or put back what it had read before rt did.
    entries.push(ours && ours.before === entry.digest ? ours.entry : entry)
  }
  const vanished = [...own.keys()].filter((name) => !seen.has(name))
  return { entries: [...entries, ...vanished.map((name) => own.get(name)!.entry)], vanished, file, own }
}

/**
 * Changes what the store has: reads it, and writes it as a whole, under a lock that is held for milliseconds. Entries of
 * others stay, and so do names of rt's that others have lost.
 *
 * @param change the entries as they are to be
 * @returns what they were
 */
export function editNames(places: Places, change: (entries: readonly Entry[]) => readonly Entry[]): readonly Entry[] {
  return withLock(places.indexLock, 'exclusive', () => {
    const { entries, vanished, file, own } = together(readIndexFile(places), readOwnNames(places))
    const changed = change(entries)
    if (changed === entries && vanished.length === 0) return entries
    // A crash in between must not leave a name that only we know: it would seem to be lost. So what is taken away is
    // forgotten before it leaves index.json, and what is new is noted behind it.
    const names = new Set(changed.map(nameOf))
    const kept = new Map([...own].filter(([name]) => names.has(name)))
    if (kept.size < own.size) writeOwnNames(places, kept)
    writeIndexFile(places, { ...file, entries: changed })
    writeOwnNames(places, ownAfter(own, entries, changed))
    return entries
  })
}

/** Names that rt has given now, or before and not taken since. */
function ownAfter(
  own: ReadonlyMap<string, OwnName>,
  before: readonly Entry[],
  after: readonly Entry[],
): Map<string, OwnName> {
  const kept = new Map<string, OwnName>()
  const old = new Map(before.map((entry) => [nameOf(entry), entry]))
  for (const entry of after) {
    const name = nameOf(entry)
    if (name === undefined) continue
    const was = old.get(name)
    if (was !== entry)
      kept.set(name, { entry, before: was?.digest === entry.digest ? own.get(name)?.before : was?.digest })
    else if (own.has(name)) kept.set(name, { ...own.get(name), entry })
  }
  return kept
}
