import { dirname, resolve } from 'node:path'
import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { type Limits, withDefaults } from '../extract/limits.js'
import { ExtractThread } from '../extract/thread.js'
import type { Platform } from '../oci/platform.js'
import { refuseImageArchive } from '../source/image-archive.js'
import { resolveSource } from '../source/resolve.js'
import type { Source } from '../source/source.js'
import { Staging } from '../staging/staging.js'
import { StagingInside } from '../staging/staging-inside.js'
import { checkTarget } from '../staging/target.js'
import { extractArchives } from './extract-archives.js'
import { type OnProgress, ProgressMeter } from './progress.js'
import { removeLeftovers } from './remove-leftovers.js'
import { archivesOf } from './source-archives.js'

export interface UnpackOptions {
  readonly limits?: Partial<Limits>
  /** Which of an image's manifests. Default: this machine's platform. */
  readonly platform?: Platform
  /** Whether files get the owners that the archive says. Default: as root, yes; else they are the caller's. */
  readonly keepOwners?: boolean
  /** What it throws ends the unpacking, and is thrown. */
  readonly onProgress?: OnProgress
  /** Stops it: the target is absent then, and the signal's reason is thrown (by default an error named AbortError). */
  readonly signal?: AbortSignal
}

/** What was unpacked. */
export interface Unpacked {
  /** Absolute path of the directory. */
  readonly directory: string
  readonly entries: number
  /** Bytes of content. */
  readonly bytes: number
  /** What could not be restored, a sentence each: device nodes, for a plain user. */
  readonly warnings: readonly string[]
}

const OPTIONS: OptionKeys<UnpackOptions> = {
  limits: true,
  platform: true,
  keepOwners: true,
  onProgress: true,
  signal: true,
}

/**
 * Unpacks a tar file, or the layers of an image on top of each other, to a plain directory.
 *
 * The directory appears complete or not at all: it is filled under another name beside it, and renamed. Where nothing can
 * be renamed to it (a mount point; a directory in one that the caller may not write), it is filled inside itself, and its
 * entries are renamed one after the other.
 *
 * @param source as `rt unpack` takes it: a path or `oci:DIR[:TAG][@DIGEST]`; or one that is resolved
 * @param directory must not exist, or be empty; its parent must exist
 * @throws RtError RT_INVALID_OPTION for a source that is a directory already; RT_EXISTS; RT_ARCHIVE for what is damaged;
 *   RT_UNSAFE for what is hostile; RT_LIMIT; SyscallError naming the entry; the signal's reason; what `onProgress` throws. The target is then as it was
 */
export async function unpack(
  source: string | Source,
  directory: string,
  options: UnpackOptions = {},
): Promise<Unpacked> {
  refuseUnknownOptions('unpack', options, OPTIONS)
  const limits = withDefaults(options.limits)
  const resolved = typeof source === 'string' ? resolveSource(source) : source
  const target = checkTarget(resolve(directory))
  const { archives, endMark } = await archivesOf(resolved, options.platform)
  const { signal, onProgress, keepOwners = process.geteuid?.() === 0 } = options
  const total = archives.reduce((sum, { size }) => sum + size, 0)
  const meter = new ProgressMeter('unpack', total, onProgress)

  const thread = new ExtractThread()
  try {
    const { path, inside } = target
    await removeLeftovers(() => thread, inside ? path : dirname(path), path)
    const staging = inside ? StagingInside.create(path) : Staging.create(path)
    try {
      const { root } = staging
      const job = { root, overlay: undefined, keepOwners, endMark }
      const extracted = await extractArchives(thread, archives, job, { limits, signal, onBytes: meter.add })
      signal?.throwIfAborted()
      if (resolved.kind === 'tar') refuseImageArchive(`/proc/self/fd/${root}`, resolved)
      staging.commit()
      const { entries, bytes, warnings } = extracted
      return { directory: resolve(directory), entries, bytes, warnings }
    } catch (error) {
      await staging.remove(thread)
      throw error
    } finally {
      staging.close()
    }
  } finally {
    await thread.close()
  }
}
