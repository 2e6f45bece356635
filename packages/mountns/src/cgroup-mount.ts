import { call, type Instruction, ref, type Step } from '@rt/program'
import {
  type Complaint,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  type MountInfo,
  type OptionKeys,
  refuseUnknownOptions,
} from '@rt/sys'
import { attach } from './attach.js'
import { setAttributes } from './attributes.js'
import { newFilesystem } from './filesystem.js'
import { moveMount, openName } from './handles.js'
import { mount } from './mount.js'
import { refuse } from './refuse.js'

/** Which cgroup file systems the host has. */
export type CgroupLayout =
  | { readonly version: 2 }
  /** Version 1, with or without a version 2 hierarchy beside it (hybrid). */
  | {
      readonly version: 1
      /** Each a comma-separated list of controllers, or `name=systemd`. */
      readonly hierarchies: readonly string[]
    }

export interface CgroupMountOptions {
  /** Default: true, as Docker. Writable it lets the container manage groups below its own. */
  readonly readonly?: boolean
  readonly origin?: string
}

const DESTINATION = '/sys/fs/cgroup'
const ATTRIBUTES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC
const HIERARCHY = /^(?:name=)?[A-Za-z0-9_.-]+(?:,[A-Za-z0-9_]+)*$/

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
  if (layout.version === 2) {
    const options = ['nosuid', 'noexec', 'nodev', ...(readonly ? ['ro'] : [])]
    return mount({ type: 'cgroup2', source: 'cgroup', destination: DESTINATION, options, origin })
  }
  const name = `mount ${JSON.stringify(DESTINATION)}`
  refuse(name, origin, layout.hierarchies.flatMap(check))
  const attributes = readonly ? ATTRIBUTES | MOUNT_ATTR_RDONLY : ATTRIBUTES
  return {
    name,
    why: 'its own cgroups, as the root of each hierarchy',
    origin,
    inside: [
      ...newFilesystem({
        type: 'tmpfs',
        source: 'tmpfs',
        parameters: [{ name: 'mode', value: '755' }],
        attributes: ATTRIBUTES,
      }),
      ...attach('mount', DESTINATION, { make: 'directory', symlinks: 'refused' }, [
        ...layout.hierarchies.flatMap((hierarchy) => mountHierarchy(hierarchy, attributes)),
        ...(readonly ? [setAttributes('mount', MOUNT_ATTR_RDONLY)] : []),
      ]),
    ],
  }
}

/** The layout that the mounts of this host (parseMountinfo) show. */
export function cgroupLayout(mounts: readonly MountInfo[]): CgroupLayout {
  const hierarchies = mounts
    .filter(({ type }) => type === 'cgroup')
    .map(({ superOptions }) => superOptions.filter((word) => !NOT_A_CONTROLLER.test(word)).join(','))
  return hierarchies.length ? { version: 1, hierarchies: [...new Set(hierarchies)] } : { version: 2 }
}

const NOT_A_CONTROLLER = /^(?:rw|ro|xattr|noprefix|clone_children|cpuset_v2_mode|release_agent=.*|favordynmods)$/

const directoryOf = (hierarchy: string): string => hierarchy.replace(/^name=/, '')

/** One hierarchy in a directory of the tmpfs, and for `cpu,cpuacct` a link for each controller. */
function mountHierarchy(hierarchy: string, attributes: number): Instruction[] {
  const directory = directoryOf(hierarchy)
  const words = hierarchy.split(',')
  const parameters = words.map((word) => {
    const [name = '', value] = word.split('=', 2)
    return value === undefined ? { name } : { name, value }
  })
  return [
    ...newFilesystem({ type: 'cgroup', source: 'cgroup', parameters, attributes, save: 'hierarchy' }),
    call('mkdirat', [ref('mount'), directory, 0o755]),
    openName('mount', directory, 'place', { directory: true, of: directory }),
    moveMount('hierarchy', 'place'),
    call('close', [ref('place')]),
    call('close', [ref('hierarchy')]),
    ...(words.length > 1 ? words.map((word) => call('symlinkat', [directory, ref('mount'), word])) : []),
  ]
}

const check = (hierarchy: string, index: number): Complaint[] =>
  HIERARCHY.test(hierarchy)
    ? []
    : [{ path: `hierarchies[${index}]`, message: `expected controllers or name=…, got ${JSON.stringify(hierarchy)}` }]
