import { type Digest, parseDigest } from '../digest/digest.js'
import { type Complaints, describe, isObject, type JsonObject } from './json.js'

/** What a descriptor points to (image-spec "descriptor.md"). */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  readonly annotations: JsonObject
  /** Which machine it is for, as written; undefined: for any. */
  readonly platform: JsonObject | undefined
}

const NONE: Digest = { algorithm: 'sha256', hex: '' }

/**
 * Reads a descriptor. What is wrong goes to the complaints, and the result is then of no use.
 *
 * `data` and `urls` are not used: the blob of the layout is what counts, by its digest.
 *
 * @param types media types that may stand here; undefined: any
 */
export function readDescriptor(
  value: unknown,
  path: string,
  complaints: Complaints,
  types: readonly string[] | undefined,
): Descriptor {
  if (!isObject(value)) {
    complaints.add(path, `expected a descriptor, got ${describe(value)}`)
    return { mediaType: '', digest: NONE, size: 0, annotations: {}, platform: undefined }
  }
  const mediaType = complaints.string(value.mediaType, `${path}.mediaType`)
  if (types && mediaType !== '' && !types.includes(mediaType)) {
    complaints.add(`${path}.mediaType`, `${JSON.stringify(mediaType)} is not read here`)
  }
  const digest = parseDigest(value.digest)
  if (typeof digest === 'string') complaints.add(`${path}.digest`, digest)
  const { size } = value
  const isSize = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0
  if (!isSize) complaints.add(`${path}.size`, `expected a number of bytes, got ${describe(size)}`)
  return {
    mediaType,
    digest: typeof digest === 'string' ? NONE : digest,
    size: isSize ? size : 0,
    annotations: isObject(value.annotations) ? value.annotations : {},
    platform: isObject(value.platform) ? value.platform : undefined,
  }
}
