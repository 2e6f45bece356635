import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AT_FDCWD, close, mkdirat, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, openat } from '@rt/sys'
import { ExtractThread } from '../extract/thread.js'
import { discard, Staging } from '../staging/staging.js'
import { extractArchives } from '../unpack/extract-archives.js'
import { removeLeftovers } from '../unpack/remove-leftovers.js'
import type { CachedLayer, CacheLayer, CacheOptions, LayerStore } from './cached-layer.js'
import { encodeLayerInfo } from './layer-info.js'
import { Lock } from './lock.js'
import { visible } from './visible.js'

/** A layer of the stack, complete or about to be committed: how to open its root. */
interface StackedLayer {
  readonly opaqueRoot: boolean
  open(): number
}

const openDirectory = (directory: number, name: string, flags = 0): number =>
  openat(directory, name, O_RDONLY | O_DIRECTORY | flags)

/**
 * Unpacks the missing layers of one image, from below. They get their names together in the end: a power cut must not
 * leave a name without its content, and so the disk must have it before, which for many small layers is better asked
 * once.
 *
 * Each layer's lock is held until then. All take the locks from below, so nobody waits in a circle.
 */
export class LayerBatch {
  readonly #thread = new ExtractThread()
  readonly #stack: StackedLayer[]
  readonly #staged: Staging[] = []
  readonly #locks: Lock[] = []
  #swept = false

  constructor(
    readonly cache: LayerStore,
    below: readonly CachedLayer[],
    readonly options: CacheOptions,
  ) {
    this.#stack = below.map((layer) => openable(layer))
  }

  /** Unpacks a layer on top of those so far. @throws whatever stops it */
  async add(layer: CacheLayer): Promise<void> {
    const { cache, options } = this
    const path = cache.pathOf(layer.id)
    cache.make(...cache.namesOf(layer.id).slice(0, -1))
    const locks = cache.make('locks')
    const lock = await Lock.acquire(join(locks, layer.id.hex), options.signal, options.onWait)
    this.#locks.push(lock)
    // The one that held the lock has unpacked it meanwhile.
    const found = cache.find(layer.id)
    if (found) {
      options.onBytes?.(layer.archive.size ?? 0)
      this.#stack.push(openable(found))
      return
    }
    // What is there and isn't whole was not made by rt, or by an older one: it is a leftover like any other.
    const discarded = discard(path)
    if (!this.#swept || discarded) await removeLeftovers(this.#thread, dirname(path))
    this.#swept = true
    await this.#unpack(path, layer)
  }

  async #unpack(path: string, layer: CacheLayer): Promise<void> {
    const { cache, options } = this
    const staging = Staging.create(path)
    const fds: number[] = []
    try {
      mkdirat(staging.root, 'fs', 0o700)
      const root = openDirectory(staging.root, 'fs', O_NOFOLLOW)
      fds.push(root)
      for (const lower of visible(this.#stack)) fds.push(lower.open())
      const { namespace } = cache
      const overlay = { namespace, lower: fds.slice(1) }
      const job = { root, overlay, keepOwners: options.keepOwners, endMark: layer.endMark }
      const { entries, bytes, warnings, opaqueRoot } = await extractArchives(
        this.#thread,
        [layer.archive],
        job,
        options,
      )
      layer.check?.(`/proc/self/fd/${root}`)
      options.signal?.throwIfAborted()
      const info = encodeLayerInfo({ namespace, opaqueRoot, entries, bytes, warnings })
      writeFileSync(`/proc/self/fd/${staging.root}/layer.json`, info, { mode: 0o600 })
      this.#staged.push(staging)
      this.#stack.push({ opaqueRoot, open: () => openDirectory(staging.root, 'fs', O_NOFOLLOW) })
    } catch (error) {
      await staging.remove(this.#thread)
      staging.close()
      throw error
    } finally {
      for (const fd of fds) close(fd)
    }
  }

  /** Gives the layers that are complete their names. To be called in any case. */
  async commit(): Promise<void> {
    try {
      const last = this.#staged.at(-1)
      if (last) await this.#thread.run({ type: 'sync', fd: last.root })
      for (const staging of this.#staged) staging.commit()
    } finally {
      for (const staging of this.#staged) staging.close()
      for (const lock of this.#locks) lock.release()
      await this.#thread.close()
    }
  }
}

const openable = ({ path, opaqueRoot }: CachedLayer): StackedLayer => ({
  opaqueRoot,
  open: () => openDirectory(AT_FDCWD, path),
})
