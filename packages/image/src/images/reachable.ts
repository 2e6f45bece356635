import { createHash } from 'node:crypto'
import { RtError } from '@rt/sys'
import { sizeOfBlob } from '../blobs/blob-files.js'
import { isDigest } from '../blobs/digest.js'
import { MAX_DOCUMENT, readBlob } from '../blobs/read-blob.js'
import type { Places } from '../store/places.js'

type JsonObject = Readonly<Record<string, unknown>>

/** What images lead to. */
export interface Reachable {
  /** All blobs, whether they are there or not. Of each: bytes, as the descriptors say; undefined where none leads to it. */
  readonly blobs: ReadonlyMap<string, number | undefined>
  /** ChainIDs of their layers (image-spec "config.md"): what the layer cache keeps them under. */
  readonly layers: ReadonlySet<string>
  /** Documents that are there and can't be read: what they lead to is not known. */
  readonly unreadable: readonly string[]
}

/**
 * Follows indexes to manifests, and manifests to configurations and layers. What is missing leads nowhere.
 *
 * @param roots digests
 */
export function reachableFrom(places: Pick<Places, 'blobs'>, roots: Iterable<string>): Reachable {
  const blobs = new Map<string, number | undefined>()
  const layers = new Set<string>()
  const unreadable: string[] = []

  const visit = (digest: string, size: number | undefined, mayBeDocument: boolean): void => {
    const known = blobs.has(digest)
    if (!known || blobs.get(digest) === undefined) blobs.set(digest, size)
    if (known || !mayBeDocument) return
    const document = readDocument(digest)
    if (!document) return
    for (const child of descriptors(document.manifests)) visit(child.digest, child.size, true)
    for (const child of descriptors([document.config])) visit(child.digest, child.size, true)
    for (const child of descriptors(document.layers)) visit(child.digest, child.size, false)
    const { rootfs } = document
    if (isObject(rootfs) && Array.isArray(rootfs.diff_ids)) {
      for (const id of chainIds(rootfs.diff_ids.filter(isDigest))) layers.add(id)
    }
  }

  const readDocument = (digest: string): JsonObject | undefined => {
    const size = sizeOfBlob(places, digest)
    // Held by a lease it may be anything: what is too large for a document is none.
    if (size === undefined || size > MAX_DOCUMENT) return undefined
    let bytes: Buffer
    try {
      bytes = readBlob(places, digest)
    } catch (error) {
      if (!RtError.isInstance(error)) throw error
      unreadable.push(digest)
      return undefined
    }
    return parse(bytes)
  }

  for (const root of roots) visit(root, undefined, true)
  return { blobs, layers, unreadable }
}

/** Layers and other content begin otherwise, or are no JSON: they lead nowhere. */
function parse(bytes: Buffer): JsonObject | undefined {
  if (!/^\s*\{/.test(bytes.toString('latin1', 0, 16))) return undefined
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const descriptors = (value: unknown): { digest: string; size: number | undefined }[] =>
  (Array.isArray(value) ? value : []).flatMap((each) =>
    isObject(each) && isDigest(each.digest)
      ? [{ digest: each.digest, size: typeof each.size === 'number' ? each.size : undefined }]
      : [],
  )

/** ChainID(L0) = DiffID(L0); ChainID(L0|…|Ln) = digest of "ChainID(L0|…|Ln-1) DiffID(Ln)". */
function chainIds(diffIds: readonly string[]): string[] {
  const ids: string[] = []
  for (const diffId of diffIds) {
    const below = ids.at(-1)
    ids.push(below === undefined ? diffId : `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}`)
  }
  return ids
}
