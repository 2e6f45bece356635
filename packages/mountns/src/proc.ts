import { PROC, type Step } from '@rt/program'
import { MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { bind } from './bind.js'
import { newFilesystem } from './filesystem.js'
import { mount } from './mount.js'

export interface ProcOptions {
  /**
   * `host`: the host's /proc is bound. Needed where a user namespace comes without a PID namespace of its own: the
   * kernel then refuses a new one.
   */
  readonly from?: 'new' | 'host'
  readonly origin?: string
}

const OPTIONS: OptionKeys<ProcOptions> = { from: true, origin: true }

/** procfs of init's PID namespace at /proc, which must be a real directory; proc(5). */
export function proc(options: ProcOptions = {}): Step {
  refuseUnknownOptions('proc', options, OPTIONS)
  const { from = 'new', origin = 'default' } = options
  const destination = '/proc'
  if (from === 'host') return bind({ source: '/proc', destination, options: ['rbind'], origin })
  return mount({ type: 'proc', destination, options: ['nosuid', 'noexec', 'nodev'], origin })
}

/**
 * A procfs that is mounted nowhere, so that nothing can be put over parts of it: saves its fd as `$proc`, for steps
 * that write below it (CVE-2025-52881). It comes before the root is changed: in a user namespace a new procfs is only
 * granted while the host's is in sight, whole.
 */
export const privateProc = (origin = 'default'): Step => ({
  name: 'private proc',
  why: 'settings are written through a procfs that no image and no mount can fake',
  origin,
  inside: newFilesystem({
    type: 'proc',
    source: 'proc',
    attributes: MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
    save: PROC,
  }),
})
