import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AT_FDCWD, close, mkdirat, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, openat, RtError } from '@rt/sys'
import { type Digest, formatDigest } from '../digest/digest.js'
import type { Limits } from '../extract/limits.js'
import type { OverlayNamespace } from '../extract/overlay-marks.js'
import { ExtractThread } from '../extract/thread.js'
import { Staging } from '../staging/staging.js'
import type { Archive } from '../unpack/archive.js'
import { extractArchives } from '../unpack/extract-archives.js'
import { removeLeftovers } from '../unpack/remove-leftovers.js'
import { encodeLayerInfo, type LayerInfo, readLayerInfo } from './layer-info.js'
import { Lock } from './lock.js'
import { makePrivateDirectory } from './root-directory.js'

/** A layer to have: the archive, and what names it on top of the layers below. */
export interface CacheLayer {
  /** ChainID, or the digest of a tar file. */
  readonly id: Digest
  readonly archive: Archive
  /** See TarReaderOptions. */
  readonly endMark: 'required' | 'optional'
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
  /** A short path of its root, for overlay's options. */
  readonly path: string
}

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
export class LayerCache {
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
    let thread: ExtractThread | undefined
    const cached: CachedLayer[] = []
    try {
      for (const layer of layers) {
        let found = this.find(layer.id)
        if (found) options.onBytes?.(layer.archive.size ?? 0)
        else {
          thread ??= new ExtractThread()
          found = await this.#unpack(layer, cached, thread, options)
        }
        cached.push(found)
      }
    } finally {
      await thread?.close()
    }
    return cached
  }

  /** A layer, if it is there. */
  find(id: Digest): CachedLayer | undefined {
    const info = readLayerInfo(join(this.#path(id), 'layer.json'))
    return info && { ...info, path: this.#shortPath(id) }
  }

  #path({ algorithm, hex }: Digest): string {
    return join(this.rootDir, 'layers', algorithm, hex)
  }

  async #unpack(
    layer: CacheLayer,
    below: readonly CachedLayer[],
    thread: ExtractThread,
    options: CacheOptions,
  ): Promise<CachedLayer> {
    const path = this.#path(layer.id)
    const locks = join(this.rootDir, 'locks')
    for (const directory of [this.rootDir, dirname(dirname(path)), dirname(path), locks])
      makePrivateDirectory(directory)
    const lock = await Lock.acquire(join(locks, layer.id.hex), options.signal, options.onWait)
    try {
      // The one that held the lock has unpacked it meanwhile.
      const found = this.find(layer.id)
      if (found) return found
      await removeLeftovers(thread, dirname(path))
      await this.#fill(path, layer, below, thread, options)
      const made = this.find(layer.id)
      if (!made) throw new RtError('RT_NOT_FOUND', `layer ${formatDigest(layer.id)} vanished from the cache`)
      return made
    } finally {
      lock.release()
    }
  }

  async #fill(
    path: string,
    layer: CacheLayer,
    below: readonly CachedLayer[],
    thread: ExtractThread,
    options: CacheOptions,
  ): Promise<void> {
    const staging = Staging.create(path)
    const fds: number[] = []
    const open = (directory: number, name: string, flags = 0): number => {
      const fd = openat(directory, name, O_RDONLY | O_DIRECTORY | flags)
      fds.push(fd)
      return fd
    }
    try {
      mkdirat(staging.root, 'fs', 0o700)
      const root = open(staging.root, 'fs', O_NOFOLLOW)
      const lower = visible(below).map((cached) => open(AT_FDCWD, cached.path))
      const { namespace } = this
      const job = { root, overlay: { namespace, lower }, keepOwners: options.keepOwners, endMark: layer.endMark }
      const { entries, bytes, warnings, opaqueRoot } = await extractArchives(thread, [layer.archive], job, options)
      const info = encodeLayerInfo({ namespace, opaqueRoot, entries, bytes, warnings })
      writeFileSync(`/proc/self/fd/${staging.root}/layer.json`, info, { mode: 0o600 })
      // A power cut must not leave a layer that has its name and not its content: it would be used for ever.
      await thread.run({ type: 'sync', fd: root })
      if (options.signal?.aborted) throw new RtError('RT_ABORTED', 'unpacking was aborted')
      staging.commit()
    } catch (error) {
      await thread.run({ type: 'remove', parent: staging.parent, names: [staging.name] })
      throw error
    } finally {
      for (const fd of fds) close(fd)
      staging.close()
    }
  }

  /** Makes the short name if it is missing: it must not be lost when a crash came between. */
  #shortPath({ algorithm, hex }: Digest): string {
    const directory = join(this.rootDir, 'l')
    const target = join('..', 'layers', algorithm, hex, 'fs')
    for (let length = SHORT; ; length += 4) {
      const path = join(directory, hex.slice(0, length))
      try {
        if (readlinkSync(path) === target) return path
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'ENOENT') throw error
        mkdirSync(directory, { recursive: true, mode: 0o700 })
        try {
          symlinkSync(target, path)
        } catch (raced) {
          if ((raced as NodeJS.ErrnoException).code !== 'EEXIST') throw raced
        }
        length -= 4 // look again: another process may have made it, for this layer or another
      }
    }
  }
}

/** The layers that are seen from above, topmost first: nothing below one that hides all. */
export function visible(layers: readonly CachedLayer[]): CachedLayer[] {
  const topmostFirst = [...layers].reverse()
  const last = topmostFirst.findIndex((layer) => layer.opaqueRoot)
  return last < 0 ? topmostFirst : topmostFirst.slice(0, last + 1)
}
