import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isNotHeld } from '@rt/erofs'
import { AT_FDCWD, close, mkdirat, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, openat } from '@rt/sys'
import { indexArchive } from '../erofs/index-archive.js'
import { erofsLayer } from '../erofs/layer-form.js'
import { mountErofs, openErofs } from '../erofs/mount-erofs.js'
import { ExtractThread } from '../extract/thread.js'
import { MergedView } from '../layers/merged-view.js'
import { discard, Staging } from '../staging/staging.js'
import { extractArchives } from '../unpack/extract-archives.js'
import { removeLeftovers } from '../unpack/remove-leftovers.js'
import type { CachedLayer, CacheLayer, CacheOptions, LayerStore } from './cached-layer.js'
import { type CacheForm, encodeLayerInfo } from './layer-info.js'
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
  #thread: ExtractThread | undefined
  readonly #stack: StackedLayer[]
  readonly #staged: Staging[] = []
  readonly #locks: Lock[] = []
  readonly #swept = new Set<CacheForm>()

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
    if (cache.prefersErofs && (await this.#index(await this.#place(layer, 'erofs'), layer))) return
    await this.#unpack(await this.#place(layer, 'folder'), layer)
  }

  /** Where a layer will be, with nothing there. */
  async #place({ id }: CacheLayer, form: CacheForm): Promise<string> {
    const { cache } = this
    const path = cache.pathOf(id, form)
    cache.make(...cache.namesOf(id, form).slice(0, -1))
    // What is there and isn't whole was not made by rt, or by an older one: it is a leftover like any other.
    const discarded = discard(path)
    if (!this.#swept.has(form) || discarded) await removeLeftovers(() => this.#worker(), dirname(path))
    this.#swept.add(form)
    return path
  }

  /** Started for the first that needs it: a thread takes longer than a small layer. */
  #worker(): ExtractThread {
    this.#thread ??= new ExtractThread()
    return this.#thread
  }

  /** @returns false: an index can't say what the layer holds, and it must be unpacked */
  async #index(path: string, layer: CacheLayer): Promise<boolean> {
    const { options } = this
    const { namespace } = this.cache
    const staging = Staging.create(path)
    const fds: number[] = []
    let taken = 0
    const onBytes = (count: number) => {
      taken += count
      options.onBytes?.(count)
    }
    try {
      const lower = visible(this.#stack)
      for (const each of lower) fds.push(each.open())
      const view = lower.length > 0 ? new MergedView(fds, namespace) : undefined
      const directory = `/proc/self/fd/${staging.root}`
      const indexed = await indexArchive(directory, layer.archive, view, {
        ...options,
        onBytes,
        endMark: layer.endMark,
      })
      options.signal?.throwIfAborted()
      const made = erofsLayer(directory)
      const root = mountErofs(made)
      try {
        layer.check?.(`/proc/self/fd/${root}`)
      } finally {
        close(root)
      }
      writeFileSync(`${directory}/layer.json`, encodeLayerInfo({ namespace, ...indexed }), { mode: 0o600 })
      this.#staged.push(staging)
      this.#stack.push({ opaqueRoot: indexed.opaqueRoot, open: () => openErofs(made) })
      return true
    } catch (error) {
      await staging.remove(this.#worker())
      staging.close()
      if (!isNotHeld(error)) throw error
      options.onBytes?.(-taken)
      return false
    } finally {
      for (const fd of fds) close(fd)
    }
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
        this.#worker(),
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
      await staging.remove(this.#worker())
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
      if (last) await this.#worker().run({ type: 'sync', fd: last.root })
      for (const staging of this.#staged) staging.commit()
    } finally {
      for (const staging of this.#staged) staging.close()
      for (const lock of this.#locks) lock.release()
      await this.#thread?.close()
    }
  }
}

const openable = ({ layer, opaqueRoot }: CachedLayer): StackedLayer => ({
  opaqueRoot,
  open: () => (typeof layer === 'string' ? openDirectory(AT_FDCWD, layer) : openErofs(layer)),
})
