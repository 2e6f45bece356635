import type { Instruction, Step } from '@rt/program'
import { type Complaint, MOUNT_ATTR_RDONLY, type OptionKeys, quote, refuseUnknownOptions } from '@rt/sys'
import { attach, closeInSupervisor } from '../destination/attach.js'
import { checkDestination } from '../destination/destination.js'
import { newFilesystem } from '../instructions/filesystem.js'
import { applyOptions } from '../options/attributes.js'
import { PARAMETER_BYTES, type ParsedMountOptions, parseMountOptions } from '../options/parse-mount-options.js'
import { refuse } from '../options/refuse.js'
import { bindPhases, checkBind } from './bound-source.js'
import { isVersion2, mountCgroups } from './mount-cgroups.js'
import { type Mount, mountField, mountName } from './mount-entry.js'
import { checkProtectedDestination } from './protected-destination.js'

/** File systems whose content depends on namespaces, or that have no source: they are made by init. */
const WITHOUT_SOURCE: ReadonlySet<string> = new Set(['proc', 'sysfs', 'mqueue', 'devpts', 'tmpfs', 'ramfs', 'cgroup2'])
/** Where an image could point a symlink to, so that the real one ends up elsewhere and a fake one is used. */
const ONLY_WHERE_IT_SAYS: ReadonlySet<string> = new Set(['proc', 'sysfs', 'mqueue', 'devpts', 'cgroup2'])

const OPTIONS: OptionKeys<Mount> = {
  type: true,
  source: true,
  destination: true,
  options: true,
  origin: true,
  index: true,
  layout: true,
}

/**
 * Mount something on a destination beneath `$root`.
 *
 * @throws RtError RT_INVALID_OPTION with every complaint: a relative path, an unknown option of a bind, …
 */
export function mount(mount: Mount): Step {
  refuseUnknownOptions('mount', mount, OPTIONS)
  if (mount.type === 'cgroup' && !isVersion2(mount)) return mountCgroups(mount)
  const { destination, origin = 'default' } = mount
  const type = mount.type === 'cgroup' ? 'cgroup2' : (mount.type ?? 'bind')
  const parsed = parseMountOptions(mount.options ?? [], mountField(mount, 'options'))
  const isBind = parsed.bind !== undefined || type === 'bind' || type === 'none'
  const name = mountName(mount)
  refuse(name, origin, [
    ...checkDestination(mountField(mount, 'destination'), destination),
    ...checkProtectedDestination(mountField(mount, 'destination'), mount, isBind),
    ...(isBind ? checkBind(mount, parsed) : checkType(mount, parsed)),
    ...parsed.complaints,
  ])
  const why = isBind ? `${quote(mount.source ?? '')} of outside, seen inside` : (WHY[type] ?? `a ${type} of its own`)
  return { name, why, origin, ...(isBind ? bindPhases(mount, parsed) : filesystemPhases(mount, type, parsed)) }
}

const WHY: Readonly<Record<string, string>> = {
  proc: 'the container’s own processes',
  sysfs: 'the kernel’s objects, with the network interfaces of the container',
  tmpfs: 'memory, gone with the container',
  devpts: 'terminals of its own',
  mqueue: 'message queues of its own',
  cgroup2: 'its own cgroup, as the root',
}

function checkType(mount: Mount, { idmap }: ParsedMountOptions): Complaint[] {
  const { type = '', source = '' } = mount
  const complain = (field: string, message: string): Complaint[] => [{ path: mountField(mount, field), message }]
  if (!/^[^\0/]{1,255}$/.test(type)) return complain('type', `expected a file system type, got ${quote(type)}`)
  if (idmap) return complain('options', 'only a bind can be id-mapped')
  if (type === 'overlay') return complain('type', 'layers are given one by one: use overlay()')
  if (Buffer.byteLength(source) > PARAMETER_BYTES || source.includes('\0')) {
    return complain('source', `expected at most ${PARAMETER_BYTES} bytes and no NUL, got ${quote(source)}`)
  }
  return []
}

function filesystemPhases(
  mount: Mount,
  type: string,
  parsed: ParsedMountOptions,
): Pick<Step, 'host.open' | 'meets' | 'init.mount'> {
  const { destination, source = type } = mount
  const { attributes, recursive, propagation, parameters } = parsed
  const fromOutside = source.startsWith('/') && !WITHOUT_SOURCE.has(type)
  const set = attributes.set | recursive.set
  const made: Instruction[] = [
    ...newFilesystem({
      type,
      source,
      // A device that is read-only can only hold a file system that is.
      parameters: fromOutside && set & MOUNT_ATTR_RDONLY ? [...parameters, { name: 'ro' }] : parameters,
      attributes: set,
    }),
    ...applyOptions('mount', { attributes: NOTHING, recursive: NOTHING, propagation }),
  ]
  const attached = attach('mount', destination, {
    make: 'directory',
    symlinks: ONLY_WHERE_IT_SAYS.has(type) ? 'refused' : 'in-root',
  })
  // A block device is a name of outside; the name must not be looked up when the container's tree is there.
  if (fromOutside)
    return {
      'host.open': made,
      meets: [{ at: 'init.enter', host: [closeInSupervisor('mount')] }],
      'init.mount': attached,
    }
  return { 'init.mount': [...made, ...attached] }
}

const NOTHING = { set: 0, clear: 0 }
