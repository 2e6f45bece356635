import { RtError } from '@rt/sys'
import { digestOf } from '../reference/digest.js'
import { Complaints, type JsonObject, parseObject, shown } from './complaints.js'
import { type Descriptor, readDescriptor } from './descriptor.js'
import { bareType, GENERIC_TYPES, INDEX_TYPES, MANIFEST_TYPES, SCHEMA_1 } from './media-types.js'

interface Common {
  readonly mediaType: string
  readonly digest: string
  /** As the registry stores them: what the digest is of. */
  readonly bytes: Uint8Array
  /** What the document is about (image-spec, `subject`), as a signature is. */
  readonly subject: Descriptor | undefined
  readonly artifactType: string | undefined
  readonly annotations: Readonly<Record<string, unknown>>
}

/** A verified manifest: one image, or one artifact. */
export interface Manifest extends Common {
  readonly kind: 'manifest'
  readonly config: Descriptor
  /** The lowest first. */
  readonly layers: readonly Descriptor[]
}

/** A verified index: images for several platforms. */
export interface Index extends Common {
  readonly kind: 'index'
  readonly manifests: readonly Descriptor[]
}

/** What a document is read as depends on these alone; nothing else may decide it. */
export interface Claims {
  /** `index sha256:…`, for errors. */
  readonly what: string
  /** What the server says. */
  readonly contentType?: string | undefined
  /** What the descriptor says that led here. */
  readonly descriptorType?: string | undefined
  /** Verified already; default: sha256 of the bytes. */
  readonly digest?: string | undefined
}

/** Fields that belong to the other kinds. With them, what a document is would depend on who reads it. */
const FOREIGN = {
  manifest: ['manifests', 'fsLayers', 'history'],
  index: ['config', 'layers', 'fsLayers', 'history'],
} as const

/**
 * Reads a manifest or an index, strictly: server, descriptor and document itself must agree about what it is, and it must
 * not be of two kinds at once (CVE-2021-41190).
 *
 * @throws RtError RT_UNSAFE if it could be read in two ways; RT_UNSUPPORTED for what is no image manifest; RT_ARCHIVE with
 *   everything else that is wrong
 */
export function readDocument(bytes: Uint8Array, claims: Claims): Manifest | Index {
  const { what } = claims
  const document = parseObject(bytes, what)
  const mediaType = agreedType(document, claims)
  const kind = INDEX_TYPES.includes(mediaType) ? 'index' : 'manifest'
  const foreign = FOREIGN[kind].filter((field) => Object.hasOwn(document, field))
  if (foreign.length > 0) {
    throw new RtError('RT_UNSAFE', `${what} is ambiguous: ${mediaType} has no ${foreign.map(quoted).join(', ')}`, {
      hint: 'two programs could see two images under its digest (CVE-2021-41190): who made it must make it again',
    })
  }
  const complaints = new Complaints(what)
  if (document.schemaVersion !== 2) complaints.add('schemaVersion', `expected 2, got ${shown(document.schemaVersion)}`)
  const list = (field: string): Descriptor[] =>
    complaints.array(document[field], field).map((value, at) => readDescriptor(value, `${field}[${at}]`, complaints))
  const common: Common = {
    mediaType,
    digest: claims.digest ?? digestOf(bytes),
    bytes,
    subject: document.subject == null ? undefined : readDescriptor(document.subject, 'subject', complaints),
    artifactType: typeof document.artifactType === 'string' ? document.artifactType : undefined,
    annotations: typeof document.annotations === 'object' ? ((document.annotations ?? {}) as JsonObject) : {},
  }
  const read: Manifest | Index =
    kind === 'index'
      ? { ...common, kind, manifests: list('manifests') }
      : { ...common, kind, config: readDescriptor(document.config, 'config', complaints), layers: list('layers') }
  complaints.throwIfAny()
  return read
}

const quoted = (text: string): string => JSON.stringify(text)

/** The media type on which all that have a say agree. */
function agreedType(document: JsonObject, { what, contentType, descriptorType }: Claims): string {
  const served = bareType(contentType)
  const own = document.mediaType
  if (own !== undefined && typeof own !== 'string') {
    throw new RtError('RT_ARCHIVE', `${what}: mediaType: expected a string, got ${shown(own)}`)
  }
  const says = [
    { who: 'its descriptor', type: descriptorType },
    { who: 'the server', type: GENERIC_TYPES.includes(served) ? undefined : served },
    { who: 'the document', type: own },
  ].filter((each): each is { who: string; type: string } => each.type !== undefined)
  const [first, ...others] = says
  if (!first) {
    throw new RtError(
      'RT_ARCHIVE',
      `${what}: neither the server (${quoted(contentType ?? '')}) nor the document says what it is`,
    )
  }
  const other = others.find(({ type }) => type !== first.type)
  if (other) {
    throw new RtError(
      'RT_UNSAFE',
      `${what} is ambiguous: ${first.who} says ${quoted(first.type)}, ${other.who} ${quoted(other.type)}`,
      {
        hint: 'two programs could read it in two ways (CVE-2021-41190): who made it must make it again',
      },
    )
  }
  const { type } = first
  if (INDEX_TYPES.includes(type) || MANIFEST_TYPES.includes(type)) return type
  if (SCHEMA_1.test(type)) {
    throw new RtError('RT_UNSUPPORTED', `${what} is in Docker's schema 1, which nothing writes since 2017`, {
      hint: 'pull it with an old Docker and push it again with a current one',
    })
  }
  throw new RtError('RT_UNSUPPORTED', `${what} is neither a manifest nor an index: its media type is ${shown(type)}`)
}
