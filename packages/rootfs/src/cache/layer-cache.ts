import { mkdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { RtError } from '@rt/sys'
import { type Digest, formatDigest } from '../digest/digest.js'
import type { OverlayNamespace } from '../extract/overlay-marks.js'
import type { CachedLayer, CacheLayer, CacheOptions, LayerStore } from './cached-layer.js'
import { LayerBatch } from './layer-batch.js'
import { readLayerInfo } from './layer-info.js'

/** Characters of a short name; more where two layers would share one. */
const SHORT = 8

/**
 * Layers, unpacked once each and kept in the form that overlay stacks.
 *
 *     layers/ALGORITHM/HEX/fs           the tree; HEX is there if it is complete, and only then
 *     layers/ALGORITHM/HEX/layer.json   {@link LayerInfo}
 *     l/SHORT -> ../layers/…/fs         overlay's options hold 4096 bytes (256 each by fsconfig): long names don't fit
 *     locks/HEX                         while it is unpacked
 *     files/KEY                         the digest of a tar file, see FileDigests
 */
export class LayerCache implements LayerStore {
  constructor(
    readonly rootDir: string,
    readonly namespace: OverlayNamespace,
  ) {}

  /**
   * The layers of an image, unpacking those that are missing.
   *
   * @param layers the lowest first
   * @returns the same order
   * @throws whatever stops unpacking; the layers that were complete stay
   */
  async have(layers: readonly CacheLayer[], options: CacheOptions): Promise<CachedLayer[]> {
    const found = layers.map(({ id }) => this.find(id))
    const missing = found.indexOf(undefined)
    for (const { archive } of missing < 0 ? layers : layers.slice(0, missing)) options.onBytes?.(archive.size ?? 0)
    if (missing < 0) return found as CachedLayer[]
    const batch = new LayerBatch(this, found.slice(0, missing) as CachedLayer[], options)
    try {
      for (const layer of layers.slice(missing)) await batch.add(layer)
    } finally {
      await batch.commit()
    }
    return layers.map(({ id }) => {
      const layer = this.find(id)
      if (!layer) throw new RtError('RT_NOT_FOUND', `layer ${formatDigest(id)} vanished from the cache`)
      return layer
    })
  }

  /** A layer, if it is there. */
  find(id: Digest): CachedLayer | undefined {
    const info = readLayerInfo(join(this.pathOf(id), 'layer.json'))
    return info && { ...info, path: this.#shortPath(id) }
  }

  /** The directory of a layer, whether it is there or not. */
  pathOf({ algorithm, hex }: Digest): string {
    return join(this.rootDir, 'layers', algorithm, hex)
  }

  /** Makes the short name if it is missing: it must not be lost when a crash came between. */
  #shortPath({ algorithm, hex }: Digest): string {
    const directory = join(this.rootDir, 'l')
    const target = join('..', 'layers', algorithm, hex, 'fs')
    for (let length = SHORT; ; length += 4) {
      const path = join(directory, hex.slice(0, length))
      const existing = readLink(path) ?? makeLink(directory, target, path)
      if (existing === target) return path
    }
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** @returns where the link leads: another process may have been quicker, for this layer or another */
function makeLink(directory: string, target: string, path: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  try {
    symlinkSync(target, path)
    return target
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return readlinkSync(path)
  }
}
