import type { Step } from '@rt/program'
import type { Complaint } from '@rt/sys'
import { refuse } from '../options/refuse.js'
import { mount } from './mount.js'
import { type Mount, mountField, mountName } from './mount-entry.js'

/** What Docker mounts a `--tmpfs` with; later words override: `exec`, `size=64m`. */
const DEFAULTS = ['nosuid', 'nodev', 'noexec'] as const

const SIZE = /^\d+(?:[kmgt]|%)?$/i
/** What tmpfs(5) can be asked for; a wrong value would be EINVAL without a word. */
const VALUES: Readonly<Record<string, { readonly pattern: RegExp; readonly expected: string }>> = {
  size: { pattern: SIZE, expected: 'bytes with k, m, g, t or %, as in size=64m' },
  nr_blocks: { pattern: SIZE, expected: 'a number' },
  nr_inodes: { pattern: /^\d+[kmgt]?$/i, expected: 'a number' },
  mode: { pattern: /^[0-7]{1,4}$/, expected: 'an octal mode, as in mode=1777' },
  uid: { pattern: /^\d{1,10}$/, expected: 'a user id' },
  gid: { pattern: /^\d{1,10}$/, expected: 'a group id' },
}

/**
 * An empty directory in memory, gone with the container; tmpfs(5). Without options: nosuid, nodev, noexec, mode 1777,
 * at most half of the memory.
 *
 * @throws RtError RT_INVALID_OPTION with every complaint
 */
export function tmpfs(mounted: Omit<Mount, 'type'>): Step {
  const { options = [], origin = 'default' } = mounted
  refuse(
    mountName(mounted),
    origin,
    options.flatMap((word) => checkValue(mountField(mounted, 'options'), word)),
  )
  return mount({ source: 'tmpfs', ...mounted, type: 'tmpfs', options: [...DEFAULTS, ...options] })
}

function checkValue(path: string, word: string): Complaint[] {
  const [name = '', value = ''] = word.split('=', 2)
  const known = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined
  if (!known || known.pattern.test(value)) return []
  return [{ path, message: `expected ${known.expected}, got ${JSON.stringify(word)}` }]
}
