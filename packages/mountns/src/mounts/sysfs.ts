import type { Step } from '@rt/program'
import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { bind } from './bind.js'
import { mount } from './mount.js'

export interface SysfsOptions {
  /**
   * `host`: the host's /sys is bound, with what is mounted below it, all read-only (its cgroups too: CVE-2023-25809).
   * Needed where a user namespace comes without a network namespace of its own: the kernel then refuses a new one.
   */
  readonly from?: 'new' | 'host'
  /** Default: true. */
  readonly readonly?: boolean
  readonly origin?: string
}

const OPTIONS: OptionKeys<SysfsOptions> = { from: true, readonly: true, origin: true }

/** sysfs with the interfaces of init's network namespace at /sys, which must be a real directory; sysfs(5). */
export function sysfs(options: SysfsOptions = {}): Step {
  refuseUnknownOptions('sysfs', options, OPTIONS)
  const { from = 'new', readonly = true, origin = 'default' } = options
  const destination = '/sys'
  if (from === 'host') {
    return bind({ source: '/sys', destination, options: ['rbind', ...(readonly ? ['rro'] : [])], origin })
  }
  return mount({
    type: 'sysfs',
    destination,
    options: ['nosuid', 'noexec', 'nodev', ...(readonly ? ['ro'] : [])],
    origin,
  })
}
