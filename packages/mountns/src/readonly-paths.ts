import { call, type Instruction, label, ref, type Step } from '@rt/program'
import { AT_EMPTY_PATH, AT_RECURSIVE, MOUNT_ATTR_RDONLY, OPEN_TREE_CLOEXEC, OPEN_TREE_CLONE } from '@rt/sys'
import { setAttributes } from './attributes.js'
import { checkDestination, cleanDestination } from './destination.js'
import { moveMount, openInRoot } from './handles.js'
import { refuse } from './refuse.js'

/** Docker's list: settings of the host's kernel that no namespace separates. */
export const DEFAULT_READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
]

/**
 * Make paths beneath `$root` read-only, with what is mounted below them: each is mounted on itself. What isn't there is
 * passed over. Comes after all mounts.
 *
 * @throws RtError RT_INVALID_OPTION for paths that are not absolute
 */
export function readonlyPaths(paths: readonly string[] = DEFAULT_READONLY_PATHS, origin = 'default'): Step {
  const name = 'read-only paths'
  refuse(
    name,
    origin,
    paths.flatMap((path, index) => checkDestination(`readonlyPaths[${index}]`, path)),
  )
  return { name, why: 'settings of the host that no namespace separates', origin, inside: paths.flatMap(protect) }
}

const protect = (path: string, index: number): Instruction[] => [
  openInRoot(cleanDestination(path).slice(1), 'dest', {
    of: path,
    onError: { ENOENT: `absent${index}`, ENOTDIR: `absent${index}` },
  }),
  call('open_tree', [ref('dest'), '', AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], {
    save: 'copy',
    of: path,
  }),
  setAttributes('copy', MOUNT_ATTR_RDONLY, true),
  moveMount('copy', 'dest'),
  call('close', [ref('copy')]),
  call('close', [ref('dest')]),
  label(`absent${index}`),
]
