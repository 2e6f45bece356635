import type { Step } from '@rt/program'
import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import type { CgroupLayout } from './cgroup-layout.js'
import { mount } from './mount.js'

export interface CgroupMountOptions {
  /** Default: true, as Docker. Writable it lets the container manage groups below its own. */
  readonly readonly?: boolean
  readonly origin?: string
}

const OPTIONS: OptionKeys<CgroupMountOptions> = { readonly: true, origin: true }

/**
 * The container's cgroups at /sys/fs/cgroup; cgroups(7). Init's own group must be the root of what is seen: this needs
 * `namespaces({ cgroup: true })`, or the host's whole tree is shown.
 *
 * @throws RtError RT_INVALID_OPTION for the name of a hierarchy that can't be one
 */
export function cgroupMount(layout: CgroupLayout, options: CgroupMountOptions = {}): Step {
  refuseUnknownOptions('cgroupMount', options, OPTIONS)
  const { readonly = true, origin = 'default' } = options
  return mount({
    type: 'cgroup',
    source: 'cgroup',
    destination: '/sys/fs/cgroup',
    layout,
    options: ['nosuid', 'noexec', 'nodev', ...(readonly ? ['ro'] : [])],
    origin,
  })
}
