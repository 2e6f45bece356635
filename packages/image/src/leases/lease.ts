import { closeSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { namesIn } from '../blobs/blob-files.js'
import { isDigest } from '../blobs/digest.js'
import { tryLockedFile } from '../blobs/locked-file.js'
import { uniqueSuffix } from '../store/durable-file.js'
import { withLock } from '../store/file-lock.js'
import type { Places } from '../store/places.js'

/** Before the ChainID of an unpacked layer; a blob's line is its digest alone. */
const LAYER = 'layer '

/**
 * What somebody needs, in a locked file: no sweep takes it away. The lock is the lease: it ends with the last process that
 * has the descriptor, however that ends, and there is no time after which it would expire.
 *
 * Something is held *before* it is looked for, under the sweep's lock: so it is either seen by a sweep, or looked for after
 * it.
 */
export class Lease implements Disposable {
  #isOpen = true

  private constructor(
    private readonly places: Places,
    /** Holds the lock: who has it open, holds what the lease names. The lease's to close, by {@link close}. */
    readonly fd: number,
  ) {}

  static open(places: Places): Lease {
    return withLock(places.sweepLock, 'shared', () => {
      // A container's supervisor leaves the file of its lease.
      removeDead(places)
      for (;;) {
        const path = join(places.leases, uniqueSuffix())
        const fd = tryLockedFile(path)
        if (fd !== undefined) return new Lease(places, fd)
      }
    })
  }

  /** Holds blobs, and what manifests and indexes among them name. */
  holdBlobs(digests: readonly string[]): void {
    this.#append(digests)
  }

  /** Holds unpacked layers. @param chainIds see image-spec "config.md" */
  holdLayers(chainIds: readonly string[]): void {
    this.#append(chainIds.map((id) => `${LAYER}${id}`))
  }

  #append(lines: readonly string[]): void {
    if (lines.length === 0) return
    withLock(this.places.sweepLock, 'shared', () => writeSync(this.fd, lines.map((line) => `${line}\n`).join('')))
  }

  /** Lets go, in this process: once or again. Where the descriptor was handed on, what is held stays held. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    closeSync(this.fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** Removes leases whose owners are gone. Their locks are ours then, and so nobody takes one up meanwhile. */
function removeDead({ leases }: Places): void {
  for (const name of namesIn(leases)) closeDead(join(leases, name))
}

/** @returns false: it lives */
function closeDead(path: string): boolean {
  const fd = tryLockedFile(path)
  if (fd === undefined) return false
  rmSync(path, { force: true })
  closeSync(fd)
  return true
}

/** What all leases hold together. */
export interface Held {
  readonly blobs: ReadonlySet<string>
  readonly layers: ReadonlySet<string>
}

/** What is held now. Call it under the sweep's lock, exclusive. */
export function readLeases({ leases }: Places): Held {
  const blobs = new Set<string>()
  const layers = new Set<string>()
  for (const name of namesIn(leases)) {
    const path = join(leases, name)
    if (closeDead(path)) continue
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (line.startsWith(LAYER)) layers.add(line.slice(LAYER.length))
      else if (isDigest(line)) blobs.add(line)
    }
  }
  return { blobs, layers }
}
