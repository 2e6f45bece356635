/**
 * Images from and to OCI registries over HTTP: references, credentials, mirrors, documents and streams that are verified.
 * It writes no files, and loads nothing native.
 */
export type { Credentials } from './credentials/credentials.js'
export type { Descriptor } from './documents/descriptor.js'
export type { Index, Manifest } from './documents/document.js'
export { defaultPlatform, type Platform } from './documents/platform.js'
export { type RegistryComplaint, RegistryError, type RegistryFailure } from './errors/registry-error.js'
export type { RetryPolicy } from './http/patience.js'
export type { BlobDescriptor } from './pull/blob.js'
export type { DocumentOptions } from './pull/document-options.js'
export { getDocument } from './pull/get-document.js'
export { head } from './pull/head.js'
export { type ListReferrersOptions, listReferrers } from './pull/list-referrers.js'
export { type ListTagsOptions, listTags } from './pull/list-tags.js'
export { type BlobOptions, type PulledImage, type PullOptions, pull } from './pull/pull.js'
export type { BlobContent } from './push/content.js'
export { type PushBlobOptions, type Pushed, pushBlob } from './push/push-blob.js'
export { type PushDocumentOptions, pushDocument } from './push/push-document.js'
export { formatReference, type ImageName, parseReference, type Reference } from './reference/reference.js'
export { RegistryClient } from './session/client.js'
export type { ClientOptions } from './session/client-options.js'
