import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeImage } from '@rt/erofs'
import { close, RtError, SyscallError } from '@rt/sys'
import { overlayNamespace } from '../prepare/overlay-namespace.js'
import { mountErofs } from './mount-erofs.js'

/** Answers so far, by directory: nothing of it changes while a process runs. */
const known = new Map<string, string | undefined>()

/**
 * Why layers can't be mounted as EROFS from files in a directory; undefined: they can. Asked by really mounting a tiny image
 * there, for what decides is the kernel, its build, and the file system of the files.
 *
 * @param directory absolute, the cache's: something is made in it, and removed
 */
export function erofsObstacle(directory: string): string | undefined {
  if (!known.has(directory)) known.set(directory, lookFor(directory))
  return known.get(directory)
}

function lookFor(directory: string): string | undefined {
  if (overlayNamespace() !== 'trusted.overlay.')
    return 'mounting files as EROFS is for root, outside of user namespaces'
  // erofs_fileio_readahead warns over ext4 in Linux 6.18: harmless, but not where a warning is the end.
  if (readFileSync('/proc/sys/kernel/panic_on_warn', 'utf8').trim() !== '0') return 'kernel.panic_on_warn is set'
  const folder = mkdtempSync(join(directory, '.probe-'))
  try {
    const layer = { index: join(folder, 'i'), content: join(folder, 'c') }
    const metadata = { mode: 0o755, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 } }
    writeFileSync(layer.index, writeImage({ type: 'directory', ...metadata, children: new Map() }, 0))
    writeFileSync(layer.content, '')
    close(mountErofs(layer))
    return undefined
  } catch (error) {
    if (!SyscallError.isInstance(error)) throw error
    return MEANINGS[error.code] ?? `this kernel mounts no EROFS from files in ${directory}: ${error.code}`
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const MEANINGS: Readonly<Record<string, string>> = {
  ENODEV: 'this kernel has no EROFS',
  EPERM: 'this process may not mount EROFS',
  ENOTBLK: 'this kernel mounts no files of this file system as EROFS (Linux 6.12, and neither tmpfs nor overlayfs)',
  EINVAL: 'this kernel knows no EROFS with blocks of 512 bytes',
}

/** @throws RtError RT_UNSUPPORTED if EROFS is asked for and can't be mounted */
export function refuseObstacle(directory: string): void {
  const obstacle = erofsObstacle(directory)
  if (obstacle === undefined) return
  throw new RtError('RT_UNSUPPORTED', `layers can't be EROFS: ${obstacle}`, {
    origin: 'layers',
    hint: '"folders" unpacks them',
  })
}
