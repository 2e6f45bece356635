import { isDigest } from '../blobs/digest.js'

/** What a layout's index says of an image (image-spec "descriptor.md"). Fields that rt doesn't know are kept. */
export interface Entry {
  readonly mediaType: string
  readonly digest: string
  /** Bytes. */
  readonly size: number
  readonly annotations?: Readonly<Record<string, string>> | undefined
  readonly platform?: Readonly<Record<string, unknown>> | undefined
}

/** The whole name of an image, as skopeo, umoci and podman write it too (image-spec "annotations.md"). */
const REF_NAME = 'org.opencontainers.image.ref.name'
/** The digest that the name had in the registry: of an index perhaps, of which the store has one platform's image. */
const PULLED_DIGEST = 'dev.rt.image.pulled.digest'

export const nameOf = (entry: Entry): string | undefined => entry.annotations?.[REF_NAME]

export const pulledDigestOf = (entry: Entry): string | undefined => {
  const digest = entry.annotations?.[PULLED_DIGEST]
  return isDigest(digest) ? digest : undefined
}

/** An entry under a name. */
export const named = (entry: Entry, name: string, pulledDigest = pulledDigestOf(entry)): Entry => ({
  ...entry,
  annotations: {
    ...entry.annotations,
    [REF_NAME]: name,
    ...(pulledDigest === undefined ? {} : { [PULLED_DIGEST]: pulledDigest }),
  },
})

export const isEntry = (value: unknown): value is Entry => {
  if (typeof value !== 'object' || value === null) return false
  const { mediaType, digest, size, annotations } = value as Record<string, unknown>
  return (
    typeof mediaType === 'string' &&
    isDigest(digest) &&
    Number.isSafeInteger(size) &&
    (size as number) >= 0 &&
    (annotations === undefined || isStrings(annotations))
  )
}

const isStrings = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string')
