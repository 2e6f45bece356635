import type { Digest } from '../digest/digest.js'
import type { ErofsLayer } from '../erofs/mount-erofs.js'
import type { Limits } from '../extract/limits.js'
import type { OverlayNamespace } from '../extract/overlay-marks.js'
import type { Archive } from '../unpack/archive.js'
import type { CacheForm, LayerInfo } from './layer-info.js'

/** A layer to have: the archive, and what names it on top of the layers below. */
export interface CacheLayer {
  /** ChainID, or the digest of a tar file. */
  readonly id: Digest
  readonly archive: Archive
  /** See TarReaderOptions. */
  readonly endMark: 'required' | 'optional'
  /** Looks at the unpacked tree, by a path that leads to it, before the layer is kept. @throws RtError if it is no layer */
  readonly check?: ((directory: string) => void) | undefined
}

export interface CacheOptions {
  readonly limits: Limits
  readonly keepOwners: boolean
  readonly signal?: AbortSignal | undefined
  /** Bytes of archives that were taken. */
  readonly onBytes?: ((count: number) => void) | undefined
  /** Another process unpacks the same layer. */
  readonly onWait?: (() => void) | undefined
}

/** A layer that is there. */
export interface CachedLayer extends LayerInfo {
  /** What overlay stacks: a short path of its root, or what is mounted for it. */
  readonly layer: string | ErofsLayer
}

/** Where layers are kept: what unpacking them needs of the cache. */
export interface LayerStore {
  readonly rootDir: string
  readonly namespace: OverlayNamespace
  /** A layer, if it is there in one of the forms that are used. */
  find(id: Digest): CachedLayer | undefined
  /** Whether layers that aren't there are kept as tars, where they can be. */
  readonly prefersErofs: boolean
  /** The directory of a layer, whether it is there or not. */
  pathOf(id: Digest, form: CacheForm): string
  /** The names that lead to it from {@link rootDir}. */
  namesOf(id: Digest, form: CacheForm): string[]
  /** Makes a directory of the cache, unless it is there, and checks it. @returns its path */
  make(...names: string[]): string
}
