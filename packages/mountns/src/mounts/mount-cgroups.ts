import type { Step } from '@rt/program'
import { attach } from '../destination/attach.js'
import { checkDestination } from '../destination/destination.js'
import { newFilesystem } from '../instructions/filesystem.js'
import { parseMountOptions } from '../options/parse-mount-options.js'
import { refuse } from '../options/refuse.js'
import { checkHierarchies, mountHierarchies } from './cgroup-hierarchies.js'
import { type CgroupLayout, cgroupLayout } from './cgroup-layout.js'
import { type Mount, mountField, mountName } from './mount-entry.js'
import { checkProtectedDestination } from './protected-destination.js'

/**
 * OCI's type `cgroup` stands for whatever the host has. Version 2 is one file system, mounted like any other; version 1 has
 * one for each hierarchy. With controllers among the options (`-o memory`, as for mount(8)) it is that hierarchy alone.
 */
export const isVersion2 = (entry: Mount): boolean => layoutOf(entry).version === 2

function layoutOf({ layout, options = [] }: Mount): CgroupLayout {
  const { parameters } = parseMountOptions(options)
  return layout ?? (parameters.length > 0 ? { version: 1, hierarchies: [] } : cgroupLayout())
}

/** The hierarchies of version 1. @throws RtError RT_INVALID_OPTION with every complaint */
export function mountCgroups(entry: Mount): Step {
  const { destination, origin = 'default' } = entry
  const layout = layoutOf(entry)
  const parsed = parseMountOptions(entry.options ?? [], mountField(entry, 'options'))
  const { attributes, recursive, parameters, propagation } = parsed
  const name = mountName(entry)
  const hierarchies =
    parameters.length > 0
      ? [parameters.map(({ name: word, value }) => (value === undefined ? word : `${word}=${value}`)).join(',')]
      : 'hierarchies' in layout
        ? layout.hierarchies
        : []
  // podman asks for rprivate: a new mount beneath a private one is so anyway.
  const others = propagation.filter((word) => word !== 'private' && word !== 'rprivate')
  const unfit = [...(parsed.bind ? ['bind'] : []), ...(parsed.idmap ? ['idmap'] : []), ...others]
  refuse(name, origin, [
    ...checkDestination(mountField(entry, 'destination'), destination),
    ...checkProtectedDestination(mountField(entry, 'destination'), entry, false),
    ...checkHierarchies(hierarchies),
    ...unfit.map((word) => ({
      path: mountField(entry, 'options'),
      message: `${JSON.stringify(word)} is no option of the container’s own cgroups`,
    })),
    ...parsed.complaints,
  ])
  const set = attributes.set | recursive.set
  const alone = [
    ...newFilesystem({ type: 'cgroup', source: 'cgroup', parameters, attributes: set }),
    ...attach('mount', destination, { make: 'directory', symlinks: 'refused' }),
  ]
  return {
    name,
    why: 'its own cgroups, as the root of each hierarchy',
    origin,
    'init.mount': parameters.length > 0 ? alone : mountHierarchies(hierarchies, destination, set),
  }
}
