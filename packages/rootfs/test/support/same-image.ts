import { isDeepStrictEqual } from 'node:util'
import type { needs } from '../../../../tooling/fixtures/index.js'
import type { HeaderSpec } from './archive.js'
import { containersStorage, indexed, merged, prepared, type Reading, umoci, unpacked } from './image-peers.js'
import { random } from './random.js'
import { archivesOf, randomImage } from './random-image.js'

/** A line of a listing, taken apart: `PATH TYPE …`. */
const pathOf = (line: string): string => line.slice(0, line.indexOf(' '))

/** What a peer is known to make otherwise, and why that is no fault of ours: lines of both are changed before they are compared. */
interface Difference {
  readonly why: string
  readonly change: (line: string, implied: ReadonlySet<string>) => string
}

const DIRECTORY_TIMES: Difference = {
  why: 'a directory that a later layer changes gets the time of the unpacking; rt restores it, as overlay shows it',
  change: (line) => line.replace(/^(\S+ dir \d+ \S+) \d+/, '$1 now'),
}

const IMPLIED: Difference = {
  why: 'a directory that no layer describes has no right mode, and inherits what default ACL the one above has by then',
  change: (line, implied) => (implied.has(pathOf(line)) ? `${pathOf(line)} dir` : line),
}

const PEERS: Readonly<Record<string, { readonly read: Reading; readonly differences: readonly Difference[] }>> = {
  overlay: { read: merged, differences: [] },
  cache: { read: prepared, differences: [] },
  erofs: {
    read: indexed,
    differences: [
      {
        why: 'a directory that no layer describes has no time, where unpacking gives it that of the unpacking',
        change: (line, implied) =>
          implied.has(pathOf(line)) ? line.replace(/^(\S+ dir \d+ \S+) \S+/, '$1 any') : line,
      },
    ],
  },
  umoci: {
    read: umoci,
    differences: [DIRECTORY_TIMES, IMPLIED],
  },
  'containers-storage': {
    read: containersStorage,
    differences: [
      DIRECTORY_TIMES,
      IMPLIED,
      {
        why: 'of attributes it restores user.* and security.capability only, and those of a directory that was there stay',
        change: (line) => line.replace(/ (trusted|system)\.\S+/g, '').replace(/^(\S+ dir .*?)( user\.\S+)+$/, '$1'),
      },
    ],
  },
}

/** What differs between `rt unpack` and a peer; empty: nothing. */
async function differences(name: string, image: readonly HeaderSpec[][]): Promise<string[]> {
  const { read, differences: known } = PEERS[name]!
  const layers = archivesOf(image)
  const since = Date.now() - 1000
  const raw = await unpacked(layers, since)
  // Described directories have the time that was said, those of other tools may have it not.
  const implied = new Set(raw.filter((line) => / dir \S+ \S+ now/.test(line)).map(pathOf))
  const changed = (lines: readonly string[]) =>
    lines.map((line) => known.reduce((text, { change }) => change(text, implied), line))
  const ours = changed(raw)
  const theirs = changed(await read(layers, since))
  if (isDeepStrictEqual(ours, theirs)) return []
  const only = (some: readonly string[], others: readonly string[]) => some.filter((line) => !others.includes(line))
  return [...only(ours, theirs).map((line) => `rt: ${line}`), ...only(theirs, ours).map((line) => `${name}: ${line}`)]
}

/**
 * Unpacks random images by rt and by a peer.
 *
 * @param count how many
 * @param seed of the first; the next ones follow
 * @returns what was not the same, with the seed that shows it again
 */
export async function compareImages(
  name: keyof typeof PEERS,
  count: number,
  seed: number,
): Promise<{ seed: number; differences: string[]; layers: string[] }[]> {
  const found: Awaited<ReturnType<typeof compareImages>> = []
  for (let each = seed; each < seed + count; each++) {
    const image = randomImage(random(each))
    const different = await differences(name, image)
    if (different.length > 0) {
      found.push({ seed: each, differences: different, layers: image.map(shown) })
    }
  }
  return found
}

/** An archive for people: `path type→link`, and the names of its attributes. */
const shown = (layer: readonly HeaderSpec[]): string =>
  layer
    .map(({ path, type, link, pax }) =>
      [path, type, link, pax?.map(([name]) => name.slice(13))].filter(Boolean).join(' '),
    )
    .join(', ')

/** The peers, and what a test of each needs. */
export const IMAGE_PEERS = {
  overlay: ['root'],
  cache: ['root'],
  erofs: ['root'],
  umoci: ['root', 'umoci'],
  'containers-storage': ['root', 'containers-storage'],
} as const satisfies Record<string, Parameters<typeof needs>[1][]>
