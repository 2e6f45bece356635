import { join } from 'node:path'
import { defaultRootDir } from '@rt/rootfs'
import { RtError } from '@rt/sys'
import { type Check, type Host, ok, warn } from './check.js'

/** The first Linux that mounts EROFS from files. */
const EROFS_SINCE = [6, 12] as const

/** How layers of images are kept; each way works, one needs no unpacking. */
export function erofsCheck(host: Host): Check {
  const name = 'image layers'
  const unpacked = (why: string) => ok(name, `unpacked: ${why}`)
  const [major = 0, minor = 0] = host.release.split(/[.-]/).map(Number)
  if (host.uid !== 0) return unpacked('only root mounts them as EROFS')
  if (major < EROFS_SINCE[0] || (major === EROFS_SINCE[0] && minor < EROFS_SINCE[1])) {
    return unpacked('Linux 6.12 could mount them as EROFS')
  }
  if (!/\berofs$/m.test(host.read('/proc/filesystems') ?? ''))
    return unpacked('the kernel has no EROFS, or not loaded yet')
  if ((host.read('/proc/sys/kernel/panic_on_warn') ?? '0').trim() !== '0')
    return unpacked('kernel.panic_on_warn is set')
  return ok(name, 'mounted as EROFS, where the file system of the store lets them be')
}

/** The store of images of whoever asks. */
export function storeCheck(host: Host): Check {
  const name = 'image store'
  let layout: string
  try {
    layout = join(defaultRootDir(), 'images')
  } catch (error) {
    if (!RtError.isInstance(error)) throw error
    return warn(name, error.message, error.hint ?? 'rt --root-dir DIR')
  }
  const text = host.read(join(layout, 'oci-layout'))
  if (text === undefined) return ok(name, `none yet: ${layout}`)
  const [, version] = /"imageLayoutVersion"\s*:\s*"([^"]*)"/.exec(text) ?? []
  if (version?.startsWith('1.')) return ok(name, `${layout}, an OCI layout ${version}`)
  const found = version === undefined ? 'its oci-layout names none' : version
  return warn(name, `${layout} is of another version: ${found}`, 'choose another place with --root-dir')
}
