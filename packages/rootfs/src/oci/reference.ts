import { type Digest, formatDigest } from '../digest/digest.js'

/** Which image of a layout is meant; nothing: the only one, or the one that is tagged "latest". */
export interface ImageReference {
  /** The annotation `org.opencontainers.image.ref.name`: `v1`, or with a name, `docker.io/library/debian:12`. */
  readonly tag?: string | undefined
  /** Of a manifest, or of an index. */
  readonly digest?: Digest | undefined
  /** The digest is that of a manifest whose blob is there, and index.json, which may not name it yet, isn't asked. */
  readonly manifest?: { readonly mediaType: string; readonly size: number } | undefined
}

/** As it is written after `oci:DIR`. */
export const formatReference = ({ tag, digest }: ImageReference): string =>
  `${tag === undefined ? '' : `:${tag}`}${digest ? `@${formatDigest(digest)}` : ''}`
