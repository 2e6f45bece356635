import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { TarReader } from '@rt/rootfs'
import { AT_FDCWD, close, O_DIRECTORY, O_RDONLY, openat } from '@rt/sys'
import { temporaryFolder } from '../../../../tooling/fixtures/temporary-folder.js'
import { type Extracted, Extractor } from '../../src/extract/extractor.js'
import { DEFAULT_LIMITS, type Limits } from '../../src/extract/limits.js'
import type { OverlayNamespace } from '../../src/extract/overlay-marks.js'

export interface ExtractTestOptions {
  readonly limits?: Partial<Limits>
  readonly keepOwners?: boolean
  /** Directories of lower layers, topmost first: unpack one layer in overlay's form. */
  readonly lower?: readonly string[]
  readonly namespace?: OverlayNamespace
  /** Called after each piece of the archive, of 512 bytes. */
  readonly onPiece?: () => void
}

/** Unpacks archives into a directory, in this thread: what the worker does, without its start. */
export function extract(
  directory: string,
  archives: readonly Uint8Array[],
  options: ExtractTestOptions = {},
): Extracted {
  const open = (path: string) => openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY)
  const root = open(directory)
  const lower = options.lower?.map(open)
  const umask = process.umask(0)
  const extractor = new Extractor({
    root,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    keepOwners: options.keepOwners ?? true,
    overlay: lower && { namespace: options.namespace ?? 'trusted.overlay.', lower },
  })
  try {
    for (const archive of archives) {
      extractor.beginArchive()
      const reader = new TarReader(extractor)
      const step = options.onPiece ? 512 : archive.length
      for (let at = 0; at < archive.length; at += step) {
        reader.write(archive.subarray(at, at + step))
        options.onPiece?.()
      }
      reader.end()
    }
    return extractor.finish()
  } finally {
    extractor.close()
    process.umask(umask)
    for (const fd of [root, ...(lower ?? [])]) close(fd)
  }
}

/** A folder with an empty directory to unpack to, and a file beside it that nothing may touch. */
export function sandbox(): { readonly folder: string; readonly target: string } {
  const folder = temporaryFolder('unpack')
  const target = join(folder, 'target')
  mkdirSync(target)
  return { folder, target }
}
