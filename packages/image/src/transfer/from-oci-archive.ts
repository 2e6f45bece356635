import { readFileSync } from 'node:fs'
import { readDocument } from '@rt/registry'
import { RtError } from '@rt/sys'
import { isDigest } from '../blobs/digest.js'
import type { Lease } from '../leases/lease.js'
import type { FoundImage } from './found-image.js'
import type { Spool } from './spool.js'

interface Named {
  readonly mediaType?: unknown
  readonly digest?: unknown
  readonly platform?: Readonly<Record<string, unknown>> | undefined
  readonly annotations?: Readonly<Record<string, unknown>> | undefined
}

/** What containerd and Docker call an image, whole; OCI's own annotation has the tag alone there. */
const WHOLE_NAME = 'io.containerd.image.name'
const REF_NAME = 'org.opencontainers.image.ref.name'

/** Indexes in one another. */
const MAX_NESTING = 4

/** The images of a tar of an OCI layout (image-spec "image-layout.md"). Their blobs become the store's. */
export function fromOciArchive(spool: Spool, lease: Lease): FoundImage[] {
  const index = spool.document('index.json') as { manifests?: unknown }
  if (!Array.isArray(index?.manifests)) throw new RtError('RT_ARCHIVE', 'index.json: manifests: expected a list')
  const found = new Map<string, FoundImage>()
  for (const each of index.manifests as Named[]) {
    for (const image of imagesOf(spool, lease, each, 0)) {
      const before = found.get(image.digest)
      const names = [...new Set([...(before?.names ?? []), ...namesOf(each)])]
      found.set(image.digest, { ...image, names })
    }
  }
  if (found.size === 0) throw new RtError('RT_ARCHIVE', 'index.json: the archive holds no image')
  return [...found.values()]
}

const namesOf = ({ annotations }: Named): string[] => {
  const name = annotations?.[WHOLE_NAME] ?? annotations?.[REF_NAME]
  return typeof name === 'string' && name !== '' ? [name] : []
}

function* imagesOf(spool: Spool, lease: Lease, named: Named, nesting: number): Generator<Omit<FoundImage, 'names'>> {
  const { digest, mediaType, platform } = named
  if (!isDigest(digest)) throw new RtError('RT_ARCHIVE', `index.json: ${JSON.stringify(digest)} is no digest`)
  if (nesting > MAX_NESTING) throw new RtError('RT_LIMIT', `more than ${MAX_NESTING} indexes in one another`)
  const file = blobOf(spool, digest)
  // An index in an archive may name images of platforms that it lacks.
  if (!file) {
    if (nesting > 0) return
    throw new RtError('RT_ARCHIVE', `the archive lacks ${digest}, which its index.json names`)
  }
  const bytes = readFileSync(file.path)
  const descriptorType = typeof mediaType === 'string' ? mediaType : undefined
  const document = readDocument(bytes, { what: `manifest ${digest}`, descriptorType, digest })
  if (document.kind === 'index') {
    for (const inner of document.manifests) yield* imagesOf(spool, lease, inner, nesting + 1)
    return
  }
  for (const blob of [document.config, ...document.layers]) {
    const part = blobOf(spool, blob.digest)
    if (!part) throw new RtError('RT_ARCHIVE', `the archive lacks ${blob.digest}, which image ${digest} needs`)
    if (part.size !== blob.size) {
      throw new RtError('RT_ARCHIVE', `${blob.digest} has ${part.size} bytes, and is said to have ${blob.size}`)
    }
    spool.adopt(part, lease)
  }
  yield { mediaType: document.mediaType, digest, bytes, platform }
}

/** A blob under the name of its digest, compared with it. */
function blobOf(spool: Spool, digest: string) {
  const file = spool.at(`blobs/${digest.replace(':', '/')}`)
  if (!file || file.digest === digest) return file
  throw new RtError(
    digest.startsWith('sha256:') ? 'RT_ARCHIVE' : 'RT_UNSUPPORTED',
    digest.startsWith('sha256:')
      ? `blob ${digest} of the archive is damaged: found ${file.digest}`
      : `blob ${digest}: only sha256 is read in archives`,
  )
}
