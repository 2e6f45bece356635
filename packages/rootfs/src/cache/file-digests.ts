import { type BigIntStats, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RtError } from '@rt/sys'
import { CompressedFile } from '../compression/compressed-file.js'
import { type Digest, formatDigest, newHash, parseDigest } from '../digest/digest.js'
import { openRegular } from '../unpack/archive.js'
import { makePrivateDirectory } from './root-directory.js'

/** ns: a file that changed later than this before it was read could change again with the same times. */
const SETTLED = 2_000_000_000n

/**
 * Digests of tar files by what stat(2) says of them, so that a file that is run again is not read again. The change time
 * can't be set by anybody: a file with the same five numbers is the same.
 */
export class FileDigests {
  constructor(readonly rootDir: string) {}

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
    const record = join(this.rootDir, 'files', keyOf(before))
    const known = readRecord(record)
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

  #write(record: string, digest: Digest): void {
    makePrivateDirectory(this.rootDir)
    makePrivateDirectory(join(this.rootDir, 'files'))
    const partial = `${record}.${process.pid}`
    writeFileSync(partial, formatDigest(digest), { mode: 0o600 })
    renameSync(partial, record)
  }
}

/** Names the state of a file. */
const keyOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].map((number) => number.toString(36)).join('-')

function readRecord(path: string): Digest | undefined {
  try {
    const digest = parseDigest(readFileSync(path, 'utf8'))
    return typeof digest === 'string' ? undefined : digest
  } catch (error) {
    // ENOTDIR: the cache directory itself is none, which is told where it is made.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code!)) return undefined
    throw error
  }
}
