import { RtError } from '@rt/sys'
import { formatDigest } from '../digest/digest.js'
import { readBlob, readDocument } from './blob.js'
import { type Descriptor, readDescriptor } from './descriptor.js'
import { Complaints, describe, type JsonObject, parseObject } from './json.js'
import { INDEX_TYPES, MANIFEST_TYPES } from './media-types.js'
import { describePlatform, matches, type Platform } from './platform.js'

/** Where a descriptor of the layout's index has its tag (image-spec "annotations.md"). */
const REF_NAME = 'org.opencontainers.image.ref.name'

/** An index in an index in an index…: more than anybody makes, less than would harm. */
const MAX_NESTING = 4

/**
 * A document of one kind must not be of another kind as well: a tool that trusts a media type from outside and one that
 * looks inside would see two images under one digest (CVE-2021-41190).
 *
 * @param type media type that the descriptor says; undefined: none does
 */
export function checkKind(
  document: JsonObject,
  type: string | undefined,
  kind: { readonly types: readonly string[]; readonly foreign: readonly string[] },
  complaints: Complaints,
): void {
  if (document.schemaVersion !== 2) {
    complaints.add('schemaVersion', `expected 2, got ${describe(document.schemaVersion)}`)
  }
  const { mediaType } = document
  if (mediaType !== undefined) {
    if (typeof mediaType !== 'string' || !kind.types.includes(mediaType)) {
      complaints.add('mediaType', `expected ${kind.types.join(' or ')}, got ${describe(mediaType)}`)
    } else if (type !== undefined && mediaType !== type) {
      complaints.add('mediaType', `expected ${type}, as its descriptor says, got ${mediaType}`)
    }
  }
  for (const field of kind.foreign) {
    if (Object.hasOwn(document, field)) {
      complaints.add(field, 'belongs to a document of another kind: what this is would depend on who reads it')
    }
  }
}

function readIndex(bytes: Uint8Array, what: string, type: string | undefined): Descriptor[] {
  const document = parseObject(bytes, what)
  const complaints = new Complaints(what)
  checkKind(document, type, { types: INDEX_TYPES, foreign: ['config', 'layers', 'fsLayers'] }, complaints)
  const manifests = complaints
    .array(document.manifests, 'manifests')
    .map((value, index) => readDescriptor(value, `manifests[${index}]`, complaints, undefined))
  complaints.throwIfAny('RT_ARCHIVE')
  return manifests
}

/** Those of the descriptors that lead to an image manifest for the platform. */
async function imagesOf(
  layout: string,
  descriptors: readonly Descriptor[],
  wanted: Platform,
  others: Set<string>,
  nesting = 0,
): Promise<Descriptor[]> {
  const images: Descriptor[] = []
  for (const descriptor of descriptors) {
    if (INDEX_TYPES.includes(descriptor.mediaType)) {
      if (nesting === MAX_NESTING) throw new RtError('RT_LIMIT', `more than ${MAX_NESTING} indexes in one another`)
      const what = `index ${formatDigest(descriptor.digest)}`
      const inner = readIndex(await readBlob(layout, descriptor), what, descriptor.mediaType)
      images.push(...(await imagesOf(layout, inner, wanted, others, nesting + 1)))
    } else if (!MANIFEST_TYPES.includes(descriptor.mediaType)) others.add(descriptor.mediaType)
    else if (matches(descriptor.platform, wanted)) images.push(descriptor)
    else others.add(describePlatform(descriptor.platform))
  }
  return images
}

const tagOf = ({ annotations }: Descriptor): string | undefined =>
  typeof annotations[REF_NAME] === 'string' ? annotations[REF_NAME] : undefined

/**
 * The manifest of the image that is meant.
 *
 * @param tag undefined: the only image there is, or the one tagged "latest"
 * @throws RtError RT_NOT_FOUND, saying which tags or platforms there are; RT_ARCHIVE for a document that is not valid
 */
export async function chooseManifest(layout: string, tag: string | undefined, wanted: Platform): Promise<Descriptor> {
  const path = `${layout}/index.json`
  const top = readIndex(await readDocument(path), JSON.stringify(path), undefined)
  const others = new Set<string>()
  const tagged = (name: string) => top.filter((descriptor) => tagOf(descriptor) === name)
  // By digest: one image may be listed twice, under two tags.
  const find = async (descriptors: readonly Descriptor[]) => {
    const images = await imagesOf(layout, descriptors, wanted, others)
    return [...new Map(images.map((image) => [formatDigest(image.digest), image])).values()]
  }
  const images = await find(tag === undefined ? top : tagged(tag))
  if (images.length === 1) return images[0]!
  if (tag === undefined && images.length > 1) {
    const latest = await find(tagged('latest'))
    if (latest.length === 1) return latest[0]!
  }

  const tags = [...new Set(top.map(tagOf))].filter((name) => name !== undefined)
  const listed = tags.length > 0 ? `its tags: ${tags.map((name) => JSON.stringify(name)).join(', ')}` : 'it has no tags'
  const quoted = JSON.stringify(layout)
  if (tag !== undefined && tagged(tag).length === 0) {
    throw new RtError('RT_NOT_FOUND', `OCI layout ${quoted} has no tag ${JSON.stringify(tag)}`, { hint: listed })
  }
  if (images.length > 1) {
    throw new RtError('RT_INVALID_OPTION', `OCI layout ${quoted} holds more than one image: say which`, {
      hint: `oci:${layout}:TAG; ${listed}`,
    })
  }
  throw new RtError('RT_NOT_FOUND', `OCI layout ${quoted} has no image for ${describePlatform(wanted)}`, {
    hint: others.size > 0 ? `it has: ${[...others].join(', ')}` : 'it holds no image',
  })
}
