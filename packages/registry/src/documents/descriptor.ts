import { digestComplaint } from '../reference/digest.js'
import { type Complaints, isObject, type JsonObject, shown } from './complaints.js'

/** What a document says of another one, or of a blob (image-spec "descriptor.md"). */
export interface Descriptor {
  readonly mediaType: string
  /** `sha256:…` or `sha512:…` */
  readonly digest: string
  /** Bytes. */
  readonly size: number
  readonly annotations?: Readonly<Record<string, string>> | undefined
  /** Which machine it is for, as written; undefined: for any. */
  readonly platform?: JsonObject | undefined
  readonly artifactType?: string | undefined
}

const NONE: Descriptor = { mediaType: '', digest: '', size: 0 }

/**
 * Reads a descriptor. What is wrong goes to the complaints, and the result is then of no use.
 *
 * `data` and `urls` are not used: the registry's blob is what counts, by its digest.
 */
export function readDescriptor(value: unknown, path: string, complaints: Complaints): Descriptor {
  if (!isObject(value)) {
    complaints.add(path, `expected a descriptor, got ${shown(value)}`)
    return NONE
  }
  const { mediaType, digest, size, annotations, platform, artifactType } = value
  if (typeof mediaType !== 'string' || mediaType === '') {
    complaints.add(`${path}.mediaType`, `expected a media type, got ${shown(mediaType)}`)
  }
  const complaint = digestComplaint(digest)
  if (complaint !== undefined) complaints.add(`${path}.digest`, complaint)
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    complaints.add(`${path}.size`, `expected a number of bytes, got ${shown(size)}`)
  }
  return {
    mediaType: String(mediaType),
    digest: String(digest),
    size: Number(size),
    ...(isObject(annotations) ? { annotations: strings(annotations) } : {}),
    ...(isObject(platform) ? { platform } : {}),
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
  }
}

const strings = (object: JsonObject): Record<string, string> =>
  Object.fromEntries(Object.entries(object).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
