import { createHash } from 'node:crypto'
import { type TarEntry, TarReader } from '@rt/rootfs'
import { RtError } from '@rt/sys'
import type { PeerEntry, PeerListing, SomeListings } from './peer-listing.js'

/** Content beyond this is a hole without end, which no reader is asked to spell out. */
const MOST_CONTENT = 1 << 25

class TooMuchContent extends Error {}

/** rt's own listing. @returns undefined if it has more content than can be compared */
export function listByRt(archive: Uint8Array): (PeerListing & { allContent: string }) | undefined {
  const entries: PeerEntry[] = []
  const all = createHash('sha256')
  let entry: TarEntry | undefined
  let hash = createHash('sha256')
  let end = 0
  const add = (bytes: Uint8Array) => {
    hash.update(bytes)
    all.update(bytes)
    end += bytes.length
  }
  const reader = new TarReader({
    entry(next) {
      if (next.size > MOST_CONTENT) throw new TooMuchContent()
      entry = next
      hash = createHash('sha256')
      end = 0
    },
    data(bytes, position) {
      add(new Uint8Array(position - end))
      add(bytes)
    },
    end() {
      const { type, path, linkPath, mode, uid, gid, size, mtime, major, minor, xattrs } = entry!
      add(new Uint8Array(size - end))
      entries.push({
        type,
        path,
        link: linkPath,
        mode,
        uid,
        gid,
        size,
        mtime: [mtime.seconds, mtime.nanoseconds],
        major,
        minor,
        sha256: hash.digest('hex'),
        xattrs: Object.fromEntries(
          [...(xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('hex')]),
        ),
      })
    },
  })
  try {
    reader.write(archive)
    reader.end()
    return { entries, error: '', allContent: all.digest('hex') }
  } catch (error) {
    if (error instanceof TooMuchContent) return undefined
    if (RtError.isInstance(error)) return { entries, error: error.message, allContent: '' }
    throw error
  }
}

/** How two readers differ: which field of which entry, or how many there are. */
export interface Difference {
  readonly field: keyof PeerEntry | 'count' | 'content'
  readonly index: number
  readonly ours: unknown
  readonly theirs: unknown
  readonly our?: PeerEntry | undefined
  readonly their?: PeerEntry | undefined
}

const FIELDS = [
  'type',
  'path',
  'link',
  'mode',
  'uid',
  'gid',
  'size',
  'mtime',
  'major',
  'minor',
  'sha256',
  'xattrs',
] as const

/** A slash at the end says nothing that the type doesn't, and two in the middle are one. */
function comparable(field: keyof PeerEntry, value: unknown): unknown {
  if (field === 'path') return (value as string).replace(/\/+/g, '/').replace(/(?<=.)\/$/, '')
  return field === 'xattrs' ? Object.entries(value as object).sort() : value
}

function sameValue(field: keyof PeerEntry, ours: unknown, theirs: unknown): boolean {
  if (ours === undefined || theirs === undefined) return true // one of them doesn't tell
  const [left, right] = [comparable(field, ours), comparable(field, theirs)]
  if (field !== 'mtime' || !Array.isArray(left) || !Array.isArray(right))
    return JSON.stringify(left) === JSON.stringify(right)
  return left.slice(0, right.length).join() === right.slice(0, left.length).join()
}

/** Whether a field says something about an entry of that type: some readers show whatever stands there. */
function isMeant(field: keyof PeerEntry, { type }: PeerEntry): boolean {
  if (field === 'link') return type === 'symlink' || type === 'hardlink'
  return (field !== 'major' && field !== 'minor') || type === 'character' || type === 'block'
}

/**
 * Where another reader sees something else, as far as it came. One that refuses sees nothing beyond that.
 */
export function differences(ours: PeerListing, theirs: PeerListing): Difference[] {
  const found: Difference[] = []
  for (const [index, our] of ours.entries.entries()) {
    const their = theirs.entries[index]
    if (!their) break
    for (const field of FIELDS) {
      if (!isMeant(field, our)) continue
      if (!sameValue(field, our[field], their[field])) {
        found.push({ field, index, ours: our[field], theirs: their[field], our, their })
      }
    }
  }
  const [our, their] = [ours.entries.length, theirs.entries.length]
  if (their > our || (their < our && theirs.error === '')) {
    found.push({ field: 'count', index: Math.min(our, their), ours: our, theirs: their })
  }
  const contents = [ours.allContent, theirs.allContent]
  if (found.length === 0 && !contents.includes(undefined) && contents[0] !== contents[1]) {
    found.push({ field: 'content', index: 0, ours: ours.allContent, theirs: theirs.allContent })
  }
  return found
}

/** Whether these readers read all of it, and understand the same. */
export function allAgree(listings: SomeListings): boolean {
  const all = Object.values(listings) as PeerListing[]
  return all.every((listing) => listing.error === '' && differences(listings.go, listing).length === 0)
}
