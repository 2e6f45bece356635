/**
 * A root filesystem from the host, a directory, a tar file or an OCI layout: layers unpacked safely, once each, and
 * stacked by overlay. Importing this package loads nothing native.
 */
export { discardLayers, removeDiscarded } from './cache/prune-layers.js'
export { defaultRootDir, makeRootDir } from './cache/root-directory.js'
export type { LayerForm } from './erofs/layer-form.js'
export type { ErofsLayer } from './erofs/mount-erofs.js'
export { erofsObstacle } from './erofs/obstacle.js'
export { DEFAULT_LIMITS, type Limits } from './extract/limits.js'
export { type Image, type ImageLayer, openImage } from './oci/image.js'
export type { ImageConfig } from './oci/image-config.js'
export { hostPlatform, type Platform } from './oci/platform.js'
export type { ImageReference } from './oci/reference.js'
export { type PrepareOptions, prepare, type RootFilesystem } from './prepare/prepare.js'
export type { RootView } from './prepare/root-view.js'
export { resolveSource } from './source/resolve.js'
export type { Source } from './source/source.js'
export type { ByteString } from './tar/byte-string.js'
export type { SparseExtent, TarEntry, TarEntryType, TarHandler, Timestamp } from './tar/entry.js'
export { TarReader, type TarReaderOptions } from './tar/reader.js'
export type { OnProgress, Progress } from './unpack/progress.js'
export { type ReadArchiveOptions, readArchive } from './unpack/read-archive.js'
export { type Unpacked, type UnpackOptions, unpack } from './unpack/unpack.js'
