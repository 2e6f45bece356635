import { call, type Instruction, ref, type Step } from '@rt/program'
import { AT_EMPTY_PATH, AT_RECURSIVE, MOUNT_ATTR_RDONLY, OPEN_TREE_CLOEXEC, OPEN_TREE_CLONE } from '@rt/sys'
import { checkDestination } from '../destination/destination.js'
import { eachPath } from '../destination/each-path.js'
import { moveMount } from '../instructions/handles.js'
import { setAttributes } from '../options/attributes.js'
import { refuse } from '../options/refuse.js'

/** moby's list (docker-v29.7.2): settings of the host's kernel that no namespace separates. */
export const DEFAULT_READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
]

/**
 * Entries of procfs outside the directories of processes have one mode and owner for the whole host, whichever instance
 * they are changed through; and without a user namespace, root in a container owns them. These are closed to other users
 * of the host, or can be written to: opened by a chmod inside, they would be open outside. A read-only mount refuses it.
 *
 * The rest, which everybody may read anyway, root in a container can only close: SECURITY.md says so.
 */
export const HOST_MODE_PATHS: readonly string[] = [
  '/proc/allocinfo',
  '/proc/driver',
  '/proc/dynamic_debug',
  '/proc/kmsg',
  '/proc/kpagecgroup',
  '/proc/kpagecount',
  '/proc/kpageflags',
  '/proc/mtrr',
  '/proc/pagetypeinfo',
  '/proc/slabinfo',
  '/proc/tty',
  '/proc/vmallocinfo',
]

/**
 * Make paths read-only, with what is mounted below them: each is mounted on itself. They are found as those of
 * {@link maskedPaths}; what isn't there is passed over. Comes after all mounts.
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
  return {
    name,
    why: 'settings of the host that no namespace separates',
    origin,
    'init.mount': eachPath(paths, protect),
  }
}

const protect: readonly Instruction[] = [
  call('open_tree', [ref('dest'), '', AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], {
    save: 'copy',
  }),
  setAttributes('copy', MOUNT_ATTR_RDONLY, true),
  moveMount('copy', 'dest'),
  call('close', [ref('copy')]),
  call('close', [ref('dest')]),
]
