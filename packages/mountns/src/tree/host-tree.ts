import { call, type Instruction, ref, type Step } from '@rt/program'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  MNT_DETACH,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  type OptionKeys,
  refuseUnknownOptions,
  S_IFREG,
} from '@rt/sys'
import { closeInSupervisor } from '../destination/attach.js'
import { newFilesystem } from '../instructions/filesystem.js'
import { enterScratchMountpoint, leaveScratchMountpoint } from '../instructions/scratch-mountpoint.js'
import { setAttributes } from '../options/attributes.js'
import { overlayFilesystem } from './overlay-filesystem.js'

/** A part of the host's root, in the order in which parts are made: a directory before what lies in it. */
export type HostEntry =
  /** Copied on write: an overlay of its own. */
  | { readonly path: string; readonly kind: 'overlay'; readonly mode: number }
  /** Shown with all that is mounted below it, read-only. */
  | { readonly path: string; readonly kind: 'bind' | 'file' }
  /** A new directory. */
  | { readonly path: string; readonly kind: 'directory'; readonly mode: number }
  | { readonly path: string; readonly kind: 'symlink'; readonly target: string }

export interface HostTreeOptions {
  /** Most memory that changes may take, as in tmpfs(5). */
  readonly size?: string
  readonly origin?: string
}

const LOWER = 'lower'
const TREE = 'tree'

const OPTIONS: OptionKeys<HostTreeOptions> = { size: true, origin: true }

/**
 * The host's root for a plain user's container: saves `$tree`. What it writes is gone with it.
 *
 * In a mount namespace of a user namespace, what is mounted below a directory is locked there, and overlay refuses such
 * a directory as a layer (since Linux 5.15: it could uncover what is hidden under a mount). So `/` can't be one; its
 * directories can, each by itself. Directories with mounts below them are shown read-only. With privilege,
 * {@link overlayTree} of `/` is the simpler way.
 *
 * @param entries what {@link readHostTree} found
 */
export function hostTree(entries: readonly HostEntry[], options: HostTreeOptions = {}): Step {
  refuseUnknownOptions('hostTree', options, OPTIONS)
  const { size, origin = 'default' } = options
  return {
    name: 'root tree',
    why: 'the host’s directories under a writable tmpfs, gone with the container',
    origin,
    'host.open': entries.flatMap(openEntry),
    meets: [
      {
        at: 'init.enter',
        host: entries.flatMap((entry, index) => (isOpened(entry) ? [closeInSupervisor(saved(index))] : [])),
      },
    ],
    'init.mount': [
      ...newFilesystem({
        type: 'tmpfs',
        source: 'rt',
        parameters: [{ name: 'mode', value: '755' }, ...(size === undefined ? [] : [{ name: 'size', value: size }])],
        save: 'stage',
      }),
      ...newFilesystem({ type: 'tmpfs', source: 'rt', parameters: [{ name: 'mode', value: '755' }], save: 'tree' }),
      ...enterScratchMountpoint('stage'),
      call('umask', [0], { save: 'umask', why: 'modes as on the host' }),
      call('mkdirat', [AT_FDCWD, TREE, 0o755]),
      call('move_mount', [ref('tree'), '', AT_FDCWD, TREE, MOVE_MOUNT_F_EMPTY_PATH]),
      call('mkdirat', [AT_FDCWD, LOWER, 0o755]),
      ...entries.flatMap(makeEntry),
      call('umask', [ref('umask')]),
      call('open_tree', [ref('tree'), '', AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], {
        save: '$tree',
        of: 'tree',
      }),
      call('close', [ref('tree')]),
      ...leaveScratchMountpoint('stage'),
    ],
  }
}

const saved = (index: number): string => `entry${index}`
const isOpened = ({ kind }: HostEntry): boolean => kind === 'overlay' || kind === 'bind' || kind === 'file'

function openEntry(entry: HostEntry, index: number): Instruction[] {
  if (!isOpened(entry)) return []
  const { path, kind } = entry
  const recursive = kind === 'bind'
  return [
    call('open_tree', [AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0)], {
      save: saved(index),
      of: path,
    }),
    ...(kind === 'overlay' ? [] : [setAttributes(saved(index), MOUNT_ATTR_RDONLY, recursive)]),
  ]
}

function makeEntry(entry: HostEntry, index: number): Instruction[] {
  const name = entry.path.slice(1)
  const put = (mount: string): Instruction[] => [
    call('move_mount', [ref(mount), '', ref('tree'), name, MOVE_MOUNT_F_EMPTY_PATH]),
    call('close', [ref(mount)]),
  ]
  switch (entry.kind) {
    case 'symlink':
      return [call('symlinkat', [entry.target, ref('tree'), name])]
    case 'directory':
      return [call('mkdirat', [ref('tree'), name, entry.mode])]
    case 'file':
      return [call('mknodat', [ref('tree'), name, S_IFREG | 0o644, 0]), ...put(saved(index))]
    case 'bind':
      return [call('mkdirat', [ref('tree'), name, 0o755]), ...put(saved(index))]
    case 'overlay':
      return [
        ...makeOverlay(saved(index), entry.mode, `upper${index}`, `work${index}`),
        call('mkdirat', [ref('tree'), name, 0o755]),
        ...put('overlay'),
      ]
  }
}

/** One directory with an upper one of its own in the stage; the names stay short whatever the directory is called. */
const makeOverlay = (layer: string, mode: number, upperdir: string, workdir: string): Instruction[] => [
  // The merged directory has the mode of the upper one.
  call('mkdirat', [AT_FDCWD, upperdir, mode]),
  call('mkdirat', [AT_FDCWD, workdir, 0o755]),
  call('move_mount', [ref(layer), '', AT_FDCWD, LOWER, MOVE_MOUNT_F_EMPTY_PATH]),
  call('close', [ref(layer)]),
  ...overlayFilesystem({ lower: LOWER, upper: { upperdir, workdir }, userxattr: true, save: 'overlay' }),
  call('umount2', [LOWER, MNT_DETACH], { why: 'overlay has a mount of its own of it' }),
]
