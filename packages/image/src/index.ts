/**
 * Images, kept in a store that is an OCI layout: pulled and pushed, named, held while somebody needs them, swept when
 * nobody does, and checked. Other tools read and write the same layout. Importing this package loads nothing native.
 */
export { type CheckOptions, checkStore, type Problem } from './check/check-store.js'
export { removeNames, tagImage } from './images/change-names.js'
export { findById, findImage, type ImageList, listImages, repositoryOf } from './images/find-image.js'
export type { ImageInfo, Part, StoredManifest } from './images/image-info.js'
export { holdInStore } from './leases/hold-in-store.js'
export type { Lease } from './leases/lease.js'
export { type Swept, sweep } from './leases/sweep.js'
export { type Entry, nameOf, pulledDigestOf } from './names/descriptor.js'
export {
  type ComingImage,
  type PulledToStore,
  type PullImageOptions,
  type PullProgress,
  pullImage,
  wholeName,
} from './pull/pull-image.js'
export { type PushImageOptions, type PushProgress, pushImage } from './push/push-image.js'
export { type ImageStore, openStore, type StoreOptions } from './store/open-store.js'
export { type ImportOptions, importImage } from './transfer/import-image.js'
export { type LoadDirectoryOptions, loadDirectory } from './transfer/load-directory.js'
export { type LoadedImage, type LoadOptions, loadImages } from './transfer/load-images.js'
export { type SavedImage, type SaveOptions, saveImages } from './transfer/save-images.js'
