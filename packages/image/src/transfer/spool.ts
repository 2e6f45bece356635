import { createHash, type Hash } from 'node:crypto'
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { readArchive, type TarEntry, TarReader } from '@rt/rootfs'
import { RtError } from '@rt/sys'
import { blobPath, sizeOfBlob } from '../blobs/blob-files.js'
import { tryLockedFile } from '../blobs/locked-file.js'
import { MAX_DOCUMENT } from '../blobs/read-blob.js'
import type { Lease } from '../leases/lease.js'
import { syncDirectory, uniqueSuffix } from '../store/durable-file.js'
import type { Places } from '../store/places.js'

/** A file of an archive, on the store's file system. */
export interface Spooled {
  readonly path: string
  readonly digest: string
  /** Bytes. */
  readonly size: number
}

/**
 * The files of an archive that holds images, as files beside the store's blobs: each is written once, and becomes a blob by
 * a rename. Locked, so that a sweep leaves it; `using` removes what has not become one.
 */
export class Spool implements Disposable {
  readonly files = new Map<string, Spooled>()
  readonly #links = new Map<string, string>()
  readonly #directory: string
  readonly #lock: number
  #count = 0

  constructor(readonly places: Places) {
    // A name that the sweep knows: it takes it, with what is in the directory beside it, when nobody has it locked.
    const name = join(places.ingest, `spool-${uniqueSuffix()}`)
    const lock = tryLockedFile(name)
    if (lock === undefined) throw new RtError('RT_BUSY', `another process has ${JSON.stringify(name)}`)
    this.#lock = lock
    this.#directory = `${name}.d`
    mkdirSync(this.#directory, { mode: 0o700 })
  }

  /** Reads an archive, plain or compressed, and keeps what files it has. @throws RtError RT_ARCHIVE; the signal's reason */
  async read(path: string, signal?: AbortSignal): Promise<void> {
    const reader = new TarReader(new SpoolHandler(this), { endMark: 'optional' })
    for await (const piece of readArchive(path, signal ? { signal } : {})) reader.write(piece)
    reader.end()
  }

  /** A new file, and its name here. */
  create(): { readonly fd: number; readonly path: string } {
    const path = join(this.#directory, String(this.#count++))
    return { fd: openSync(path, 'wx+', 0o600), path }
  }

  link(path: string, target: string): void {
    this.#links.set(path, target)
  }

  /** The file at a path of the archive; old docker archives have symlinks between layers. */
  at(path: string): Spooled | undefined {
    let name = normal(path)
    for (let followed = 0; followed < 10; followed++) {
      const target = this.#links.get(name)
      if (target === undefined) return this.files.get(name)
      name = normal(join('/', dirname(name), target))
    }
    return undefined
  }

  /** A document of the archive. @throws RtError RT_LIMIT, RT_ARCHIVE */
  document(path: string): unknown {
    const file = this.at(path)
    if (!file) return undefined
    if (file.size > MAX_DOCUMENT) throw new RtError('RT_LIMIT', `${path} has ${file.size} bytes: that is no document`)
    try {
      return JSON.parse(readFileSync(file.path, 'utf8'))
    } catch (cause) {
      throw new RtError('RT_ARCHIVE', `${path} is no JSON: ${(cause as Error).message}`, { cause })
    }
  }

  /** Makes a blob of a file. @param lease holds it before it is looked for */
  adopt(file: Spooled, lease: Lease): void {
    lease.holdBlobs([file.digest])
    if (sizeOfBlob(this.places, file.digest) === file.size) return
    const name = blobPath(this.places, file.digest)
    const fd = openSync(file.path, 'r')
    try {
      fdatasyncSync(fd)
    } finally {
      closeSync(fd)
    }
    mkdirSync(dirname(name), { recursive: true, mode: 0o700 })
    renameSync(file.path, name)
    syncDirectory(dirname(name))
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true })
    rmSync(this.#directory.slice(0, -'.d'.length), { force: true })
    closeSync(this.#lock)
  }
}

/** Writes and hashes the files of an archive as they come. */
class SpoolHandler {
  #open: { readonly fd: number; readonly path: string; readonly name: string; readonly hash: Hash } | undefined
  #size = 0

  constructor(readonly spool: Spool) {}

  entry(entry: TarEntry): void {
    const name = normal(decodeByteString(entry.path))
    if (entry.type === 'symlink' || entry.type === 'hardlink') {
      const target = decodeByteString(entry.linkPath)
      this.spool.link(name, entry.type === 'symlink' ? target : join('/', target))
    }
    if (entry.type !== 'file') return
    if (entry.sparse) throw new RtError('RT_UNSUPPORTED', `${name} is a sparse file, which no image archive has`)
    this.#open = { ...this.spool.create(), name, hash: createHash('sha256') }
    this.#size = 0
  }

  data(bytes: Uint8Array): void {
    if (!this.#open) return
    this.#open.hash.update(bytes)
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#open.fd, bytes, at)
    this.#size += bytes.length
  }

  end(): void {
    if (!this.#open) return
    const { fd, path, name, hash } = this.#open
    closeSync(fd)
    this.#open = undefined
    this.spool.files.set(name, { path, digest: `sha256:${hash.digest('hex')}`, size: this.#size })
  }
}

/** A path of the archive, without what leads nowhere: it is compared with others, and never opened. */
const normal = (path: string): string => join('/', path).slice(1).replace(/\/$/, '')

/** The first bytes of a file. */
export function headOf({ path }: Spooled): Buffer {
  const fd = openSync(path, 'r')
  try {
    const head = Buffer.alloc(512)
    return head.subarray(0, readSync(fd, head, 0, head.length, 0))
  } finally {
    closeSync(fd)
  }
}

/** A path of the archive as text: what isn't UTF-8 is no name that an image archive has. */
const decodeByteString = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8')
