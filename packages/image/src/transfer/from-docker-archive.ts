import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { RtError } from '@rt/sys'
import type { Lease } from '../leases/lease.js'
import type { FoundImage } from './found-image.js'
import { headOf, type Spool, type Spooled } from './spool.js'

interface DockersEntry {
  readonly Config?: unknown
  readonly RepoTags?: unknown
  readonly Layers?: unknown
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar'

/**
 * The images of an archive as `docker save` wrote them before it wrote OCI layouts (docker/docker image/spec): a
 * configuration and layers, of which a manifest is made. Layers stay as they are, compressed or not.
 */
export function fromDockerArchive(spool: Spool, lease: Lease): FoundImage[] {
  const list = spool.document('manifest.json')
  if (!Array.isArray(list)) throw new RtError('RT_ARCHIVE', 'manifest.json: expected a list of images')
  return (list as DockersEntry[]).map((entry, at) => imageOf(spool, lease, entry, `manifest.json: [${at}]`))
}

function imageOf(spool: Spool, lease: Lease, { Config, RepoTags, Layers }: DockersEntry, what: string): FoundImage {
  const config = fileAt(spool, Config, `${what}.Config`)
  const layers = strings(Layers, `${what}.Layers`).map((path) => fileAt(spool, path, `${what}.Layers`))
  checkDiffIds(config, layers, what)
  for (const file of [config, ...layers]) spool.adopt(file, lease)
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: CONFIG, digest: config.digest, size: config.size },
      layers: layers.map((layer) => ({ mediaType: layer.mediaType, digest: layer.digest, size: layer.size })),
    }),
  )
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return { mediaType: MANIFEST, bytes, digest, names: RepoTags == null ? [] : strings(RepoTags, `${what}.RepoTags`) }
}

const strings = (value: unknown, what: string): string[] => {
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value
  throw new RtError('RT_ARCHIVE', `${what}: expected a list of strings`)
}

function fileAt(spool: Spool, path: unknown, what: string): Spooled & { readonly mediaType: string } {
  if (typeof path !== 'string') throw new RtError('RT_ARCHIVE', `${what}: expected a path, got ${JSON.stringify(path)}`)
  const file = spool.at(path)
  if (!file) throw new RtError('RT_ARCHIVE', `${what}: the archive lacks ${JSON.stringify(path)}`)
  return { ...file, mediaType: `${LAYER}${compressionOf(headOf(file))}` }
}

const compressionOf = (head: Buffer): '' | '+gzip' | '+zstd' => {
  if (head[0] === 0x1f && head[1] === 0x8b) return '+gzip'
  return head.length >= 4 && head.readUInt32BE(0) === 0x28b52ffd ? '+zstd' : ''
}

/** What is not compressed can be compared at once; the rest is when it is unpacked. */
function checkDiffIds(
  config: Spooled,
  layers: readonly (Spooled & { readonly mediaType: string })[],
  what: string,
): void {
  let document: { rootfs?: { diff_ids?: unknown } }
  try {
    document = JSON.parse(readFileSync(config.path, 'utf8'))
  } catch (cause) {
    throw new RtError('RT_ARCHIVE', `${what}.Config is no JSON: ${(cause as Error).message}`, { cause })
  }
  const diffIds = strings(document?.rootfs?.diff_ids, `${what}.Config: rootfs.diff_ids`)
  if (diffIds.length !== layers.length) {
    throw new RtError('RT_ARCHIVE', `${what}: ${layers.length} layers, and the configuration has ${diffIds.length}`)
  }
  for (const [at, layer] of layers.entries()) {
    if (layer.mediaType !== LAYER || layer.digest === diffIds[at]) continue
    throw new RtError(
      'RT_ARCHIVE',
      `${what}.Layers[${at}] is ${layer.digest}, and the configuration says ${diffIds[at]}`,
    )
  }
}
