import { type BigIntStats, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import {
  close,
  ERRNO,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  openat,
  RtError,
  renameat2,
  SyscallError,
  unlinkat,
} from '@rt/sys'
import { CompressedFile } from '../compression/compressed-file.js'
import { type Digest, formatDigest, newHash, parseDigest } from '../digest/digest.js'
import { openRegular } from '../unpack/archive.js'
import { CacheDirectory } from './cache-directory.js'
import { wrongPlace } from './cache-errors.js'
import { readPrivateFile } from './private-file.js'

/** ns: a file that changed later than this before it was read could change again with the same times. */
const SETTLED = 2_000_000_000n
/** The cache's directory of them. */
const FILES = 'files'

/**
 * Digests of tar files by what stat(2) says of them, so that a file that is run again is not read again. The change time
 * can't be set by anybody: a file with the same five numbers is the same.
 */
export class FileDigests {
  readonly #directory: CacheDirectory

  constructor(rootDir: string) {
    this.#directory = new CacheDirectory(rootDir)
  }

  /**
   * The sha256 of a file, and its size.
   *
   * @param onBytes told of what is read; not called if nothing is
   * @throws RtError RT_ARCHIVE if it changes while it is read; the signal's reason
   */
  async of(
    path: string,
    signal?: AbortSignal,
    onBytes?: (count: number) => void,
  ): Promise<{ digest: Digest; size: number }> {
    const before = statSync(path, { bigint: true })
    const size = Number(before.size)
    const record = keyOf(before)
    const known = this.#read(record)
    if (known) return { digest: known, size }

    const hash = newHash('sha256')
    const { handle } = await openRegular(path)
    try {
      const file = new CompressedFile(handle, size, path, signal, (bytes) => {
        hash.update(bytes)
        onBytes?.(bytes.length)
      })
      for await (const _ of file.chunks());
    } finally {
      await handle.close()
    }
    const digest: Digest = { algorithm: 'sha256', hex: hash.digest('hex') }
    const after = statSync(path, { bigint: true })
    if (keyOf(after) !== keyOf(before)) {
      throw new RtError('RT_ARCHIVE', `${JSON.stringify(path)} changed while it was read`)
    }
    if (BigInt(Date.now()) * 1_000_000n - after.ctimeNs > SETTLED) this.#write(record, digest)
    return { digest, size }
  }

  /** A record that is damaged is none: the file is read again, and the record written anew. */
  #read(record: string): Digest | undefined {
    const text = this.#directory.within([FILES], (fd) => readPrivateFile(fd, record))
    const digest = parseDigest(text)
    return typeof digest === 'string' ? undefined : digest
  }

  #write(record: string, digest: Digest): void {
    const files = this.#directory.make(FILES)
    try {
      const partial = `${record}.${process.pid}-${Math.random().toString(36).slice(2)}`
      const fd = openat(files, partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
      try {
        writeSync(fd, formatDigest(digest))
      } finally {
        close(fd)
      }
      try {
        renameat2(files, partial, files, record)
      } catch (cause) {
        unlinkat(files, partial)
        if (!SyscallError.isInstance(cause) || cause.code !== 'EISDIR') throw cause
        const what = JSON.stringify(join(this.#directory.path, FILES, record))
        throw wrongPlace(this.#directory.path, what, ERRNO.EISDIR)
      }
    } finally {
      close(files)
    }
  }
}

/** Names the state of a file. */
const keyOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].map((number) => number.toString(36)).join('-')
