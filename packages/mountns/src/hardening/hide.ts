import { call, goto, type Instruction, label, ref, type Step, struct } from '@rt/program'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  CLONE_NEWNS,
  MNT_DETACH,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_SIZE_VER0,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_PRIVATE,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  type OptionKeys,
  refuseUnknownOptions,
  S_IFDIR,
  S_IFREG,
} from '@rt/sys'
import { checkDestination } from '../destination/destination.js'
import { eachPath, wherever } from '../destination/each-path.js'
import { newFilesystem } from '../instructions/filesystem.js'
import { moveMount } from '../instructions/handles.js'
import { fileTypeIs, statFd } from '../instructions/verify.js'
import { setAttributes } from '../options/attributes.js'
import { refuse } from '../options/refuse.js'
import { maskAll } from './masked-paths.js'

export interface HideOptions {
  /**
   * `null`: a file is read as empty, and a directory is, as OCI's `maskedPaths`. In a mount of the plan's own, such as /proc,
   * a path leads to no other.
   *
   * `refuse`: EACCES for whoever lacks CAP_DAC_OVERRIDE, for the file or directory that the path leads to, so that what
   * is hidden isn't taken for what is empty. Symlinks are followed within the root: link and target are hidden alike.
   */
  readonly as: 'null' | 'refuse'
  readonly origin?: string
}

const OPTIONS: OptionKeys<HideOptions> = { as: true, origin: true }

/**
 * Hide paths, thousands if need be: the program has one loop, and a path is a row of its table. What isn't there needs no
 * hiding. Comes after all mounts.
 *
 * @throws RtError RT_INVALID_OPTION for paths that are not absolute
 */
export function hide(paths: readonly string[], options: HideOptions): Step {
  refuseUnknownOptions('hide', options, OPTIONS)
  const { as, origin = 'default' } = options
  const name = `hidden paths (${as})`
  refuse(name, origin, [
    ...paths.flatMap((path, index) => checkDestination(`paths[${index}]`, path)),
    ...(as === 'null' || as === 'refuse' ? [] : [{ path: 'as', message: `expected "null" or "refuse", got ${as}` }]),
  ])
  return {
    name,
    why: 'not to be read from inside',
    origin,
    // On the host's own mount namespace this would hide it from everybody.
    needs: CLONE_NEWNS,
    'init.mount': paths.length === 0 ? [] : as === 'null' ? maskAll(paths) : refuseAll(paths),
  }
}

/**
 * A directory of the host's tree, in which init stands still; what is attached here meanwhile is taken off again. Not /proc:
 * the container's root lies there, and a `..` of a symlink that comes to the root would enter what is mounted on it.
 */
const NEUTRAL_PLACE = '/dev'

/** Before Linux 6.15 only an attached mount can be copied in part. */
const refuseAll = (paths: readonly string[]): Instruction[] => [
  ...newFilesystem({ type: 'tmpfs', source: 'tmpfs', save: 'refusals' }),
  call('mknodat', [ref('refusals'), 'file', S_IFREG, 0], { why: 'a file that nobody may open' }),
  call('mkdirat', [ref('refusals'), 'directory', 0], { why: 'a directory that nobody may look into' }),
  // Their mode is not to be changed either.
  setAttributes('refusals', MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC),
  call(
    'mount_setattr',
    [AT_FDCWD, NEUTRAL_PLACE, 0, struct('mount_attr', { propagation: MS_PRIVATE }), MOUNT_ATTR_SIZE_VER0],
    {
      why: 'if propagation was left shared, the host would see it there',
      // Not a mount point of its own: then it belongs to a mount that `namespaces` made private.
      tolerate: ['EINVAL'],
    },
  ),
  call('move_mount', [ref('refusals'), '', AT_FDCWD, NEUTRAL_PLACE, MOVE_MOUNT_F_EMPTY_PATH]),
  ...eachPath(paths, refuseOne, wherever),
  call('umount2', [NEUTRAL_PLACE, MNT_DETACH], { why: 'the copies stay' }),
  call('close', [ref('refusals')]),
]

const copyOf = (name: string): Instruction =>
  call('open_tree', [ref('refusals'), name, AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], { save: 'refusal' })

const refuseOne: readonly Instruction[] = [
  statFd(ref('dest')),
  fileTypeIs(S_IFDIR, { then: 'is a directory' }),
  copyOf('file'),
  goto('refused'),
  label('is a directory'),
  copyOf('directory'),
  label('refused'),
  moveMount('refusal', 'dest'),
  call('close', [ref('refusal')]),
  call('close', [ref('dest')]),
]
