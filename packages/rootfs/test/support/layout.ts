import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { temporaryFolder } from '../../../../tooling/fixtures/temporary-folder.js'

export const OCI = 'application/vnd.oci.image'

export interface BlobDescriptor {
  mediaType: string
  digest: string
  size: number
  [field: string]: unknown
}

type Json = Record<string, unknown>

/** An OCI layout that is written piece by piece, so that any piece can be wrong. */
export class LayoutBuilder {
  readonly path = temporaryFolder('layout')

  constructor() {
    mkdirSync(join(this.path, 'blobs/sha256'), { recursive: true })
    mkdirSync(join(this.path, 'blobs/sha512'), { recursive: true })
    writeFileSync(join(this.path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  }

  blob(bytes: Uint8Array, mediaType: string, algorithm: 'sha256' | 'sha512' = 'sha256'): BlobDescriptor {
    const hex = createHash(algorithm).update(bytes).digest('hex')
    writeFileSync(join(this.path, 'blobs', algorithm, hex), bytes)
    return { mediaType, digest: `${algorithm}:${hex}`, size: bytes.length }
  }

  json(document: unknown, mediaType: string): BlobDescriptor {
    return this.blob(Buffer.from(JSON.stringify(document)), mediaType)
  }

  /** A plain or gzip layer, and its DiffID. */
  layer(bytes: Buffer, algorithm?: 'sha256' | 'sha512'): { descriptor: BlobDescriptor; diffId: string } {
    const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b
    const plain = gzip ? gunzipSync(bytes) : bytes
    return {
      descriptor: this.blob(bytes, `${OCI}.layer.v1.tar${gzip ? '+gzip' : ''}`, algorithm),
      diffId: `sha256:${createHash('sha256').update(plain).digest('hex')}`,
    }
  }

  /** A manifest with its configuration; `change` makes either wrong. */
  manifest(
    layers: readonly Buffer[],
    change: { config?: Json; manifest?: Json; image?: Json; algorithm?: 'sha256' | 'sha512' } = {},
  ): BlobDescriptor {
    const built = layers.map((bytes) => this.layer(bytes, change.algorithm))
    const config = this.json(
      {
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: built.map(({ diffId }) => diffId) },
        config: change.image ?? {},
        ...change.config,
      },
      `${OCI}.config.v1+json`,
    )
    const manifest = {
      schemaVersion: 2,
      mediaType: `${OCI}.manifest.v1+json`,
      config,
      layers: built.map(({ descriptor }) => descriptor),
      ...change.manifest,
    }
    return this.json(manifest, String(manifest.mediaType))
  }

  /** Writes index.json. */
  index(manifests: readonly unknown[], change: Json = {}): this {
    const index = { schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests, ...change }
    writeFileSync(join(this.path, 'index.json'), JSON.stringify(index))
    return this
  }
}

export const tagged = (descriptor: BlobDescriptor, tag: string): BlobDescriptor => ({
  ...descriptor,
  annotations: { 'org.opencontainers.image.ref.name': tag },
})

/** A layout of one image, tagged "latest". */
export function layoutOf(layers: readonly Buffer[], image: Json = {}): string {
  const builder = new LayoutBuilder()
  return builder.index([tagged(builder.manifest(layers, { image }), 'latest')]).path
}
