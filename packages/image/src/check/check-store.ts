import { createHash } from 'node:crypto'
import { createReadStream, rmSync } from 'node:fs'
import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { allBlobs, sizeOfBlob } from '../blobs/blob-files.js'
import { reachableFrom } from '../images/reachable.js'
import { type Entry, nameOf } from '../names/descriptor.js'
import { readIndexFile, writeIndexFile } from '../names/index-file.js'
import { editNames, readNames } from '../names/names.js'
import { withLock } from '../store/file-lock.js'
import { type ImageStore, placesOf } from '../store/open-store.js'
import type { Places } from '../store/places.js'

export interface CheckOptions {
  /** What is bad leaves the store, so that a new pull brings it anew. */
  readonly repair?: boolean
  /** Told of the bytes that were read. */
  readonly onBytes?: (count: number) => void
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<CheckOptions> = { repair: true, onBytes: true, signal: true }

/** One thing that is wrong. */
export interface Problem {
  readonly kind: 'index' | 'damaged' | 'missing' | 'vanished'
  /** The image's name, or its manifest's digest, or `index.json`, or the digest of a blob. */
  readonly subject: string
  /** One sentence. */
  readonly message: string
  /** What has been done about it. */
  readonly repaired: boolean
}

/**
 * Reads all of a store: whether each blob is what its name says, each image whole, and each name still there.
 *
 * @returns what is wrong; nothing: the store is sound
 */
export async function checkStore(store: ImageStore, options: CheckOptions = {}): Promise<Problem[]> {
  refuseUnknownOptions('checkStore', options, OPTIONS)
  const places = placesOf(store)
  const problems: Problem[] = [...checkIndex(places, options)]
  if (problems.some(({ repaired }) => !repaired)) return problems

  problems.push(...(await damagedBlobs(places, options)))
  const { entries, vanished } = readNames(places)
  for (const name of vanished) {
    problems.push({
      kind: 'vanished',
      subject: name,
      message: 'another tool has lost the name from index.json',
      repaired: options.repair ?? false,
    })
  }
  const broken = new Set<Entry>()
  for (const entry of entries) {
    const missing = missingOf(places, entry)
    if (missing.length === 0) continue
    broken.add(entry)
    problems.push({
      kind: 'missing',
      subject: nameOf(entry) ?? entry.digest,
      message: `the image is not whole: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
      repaired: options.repair ?? false,
    })
  }
  if (options.repair && (broken.size > 0 || vanished.length > 0)) {
    const keys = new Set([...broken].map(keyOf))
    editNames(places, (now) => now.filter((entry) => !keys.has(keyOf(entry)) || missingOf(places, entry).length === 0))
  }
  return problems
}

const keyOf = (entry: Entry): string => `${nameOf(entry) ?? ''} ${entry.digest}`

/** An index.json that is none: rt's own names take its place. */
function* checkIndex(places: Places, { repair = false }: CheckOptions): Generator<Problem> {
  try {
    readIndexFile(places)
  } catch (error) {
    if (!RtError.isInstance(error)) throw error
    if (repair) {
      withLock(places.indexLock, 'exclusive', () =>
        writeIndexFile(places, { entries: [], foreign: [], rest: { schemaVersion: 2 } }),
      )
    }
    yield { kind: 'index', subject: 'index.json', message: error.message, repaired: repair }
  }
}

/** Blobs that an image needs and the store lacks, or has in another size. */
function missingOf(places: Places, { digest }: Entry): string[] {
  const { blobs } = reachableFrom(places, [digest])
  return [...blobs]
    .filter(([blob, size]) => {
      const there = sizeOfBlob(places, blob)
      return there === undefined || (size !== undefined && there !== size)
    })
    .map(([blob]) => blob)
}

async function damagedBlobs(places: Places, { repair = false, onBytes, signal }: CheckOptions): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const { digest, path, size } of allBlobs(places)) {
    const algorithm = digest.slice(0, digest.indexOf(':'))
    const hash = createHash(algorithm)
    try {
      for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) })) {
        hash.update(chunk as Buffer)
        onBytes?.((chunk as Buffer).length)
      }
    } catch (error) {
      signal?.throwIfAborted()
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') continue // swept meanwhile
      if (code !== 'EIO' && code !== 'EISDIR') throw error
    }
    const found = `${algorithm}:${hash.digest('hex')}`
    if (found === digest) continue
    if (repair) rmSync(path, { force: true, recursive: true })
    problems.push({
      kind: 'damaged',
      subject: digest,
      message: size === 0 ? 'the blob is empty' : `the blob is damaged: found ${found}`,
      repaired: repair,
    })
  }
  return problems
}
