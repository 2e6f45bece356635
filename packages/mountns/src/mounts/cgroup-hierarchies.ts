import { call, type Instruction, ref } from '@rt/program'
import { type Complaint, MOUNT_ATTR_RDONLY } from '@rt/sys'
import { attach } from '../destination/attach.js'
import { newFilesystem } from '../instructions/filesystem.js'
import { moveMount, openName } from '../instructions/handles.js'
import { setAttributes } from '../options/attributes.js'

const HIERARCHY = /^(?:name=)?[A-Za-z0-9_.-]+(?:,[A-Za-z0-9_]+)*$/

export const checkHierarchies = (hierarchies: readonly string[]): Complaint[] =>
  hierarchies.flatMap((hierarchy, index) =>
    HIERARCHY.test(hierarchy)
      ? []
      : [
          {
            path: `hierarchies[${index}]`,
            message: `expected controllers or name=…, got ${JSON.stringify(hierarchy)}`,
          },
        ],
  )

/** Version 1 has a file system for each hierarchy: they are gathered in a tmpfs. `attributes` are those of each. */
export function mountHierarchies(
  hierarchies: readonly string[],
  destination: string,
  attributes: number,
): Instruction[] {
  return [
    ...newFilesystem({
      type: 'tmpfs',
      source: 'tmpfs',
      parameters: [{ name: 'mode', value: '755' }],
      // Read-only when it is filled.
      attributes: attributes & ~MOUNT_ATTR_RDONLY,
    }),
    ...attach('mount', destination, { make: 'directory', symlinks: 'refused' }, [
      ...hierarchies.flatMap((hierarchy) => mountHierarchy(hierarchy, attributes)),
      ...(attributes & MOUNT_ATTR_RDONLY ? [setAttributes('mount', MOUNT_ATTR_RDONLY)] : []),
    ]),
  ]
}

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
