import { type Descriptor, readDescriptor } from './descriptor.js'
import { Complaints, describe, type JsonObject, parseObject } from './json.js'
import { INDEX_TYPES } from './media-types.js'

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

/**
 * The descriptors of an index.
 *
 * @param what the document, for the error
 * @param type media type that its descriptor says; undefined: there is none
 * @throws RtError RT_ARCHIVE
 */
export function readIndex(bytes: Uint8Array, what: string, type: string | undefined): Descriptor[] {
  const document = parseObject(bytes, what)
  const complaints = new Complaints(what)
  checkKind(document, type, { types: INDEX_TYPES, foreign: ['config', 'layers', 'fsLayers'] }, complaints)
  const manifests = complaints
    .array(document.manifests, 'manifests')
    .map((value, index) => readDescriptor(value, `manifests[${index}]`, complaints, undefined))
  complaints.throwIfAny('RT_ARCHIVE')
  return manifests
}
