import type { Step } from '@rt/program'
import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { mount } from '../mounts/mount.js'

export interface DevptsOptions {
  /**
   * Group of new terminals; default 5, `tty` in Debian and in most images. `null`: the group of who opens one, for a
   * user namespace in which 5 has no mapping (the mount would fail with EINVAL).
   */
  readonly gid?: number | null
  readonly origin?: string
}

const OPTIONS: OptionKeys<DevptsOptions> = { gid: true, origin: true }

/** Terminals of its own at /dev/pts, numbered from 0; /dev/ptmx is a link to its ptmx, which everybody may open. */
export function devpts(options: DevptsOptions = {}): Step {
  refuseUnknownOptions('devpts', options, OPTIONS)
  const { gid = 5, origin = 'default' } = options
  return mount({
    type: 'devpts',
    destination: '/dev/pts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...(gid === null ? [] : [`gid=${gid}`])],
    origin,
  })
}
