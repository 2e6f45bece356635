import { type Call, call, ROOT, ref, struct } from '@rt/program'
import {
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  OPEN_HOW_SIZE_VER0,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from '@rt/sys'

/** Whether symlinks are followed (within the root, never out of it) or are an error. */
export type Symlinks = 'in-root' | 'refused'

type More = Pick<Call, 'of' | 'onError' | 'hints' | 'why'>

/** What the kernel shows there is its own, and what it links leads elsewhere: no symlink is followed. */
const KERNELS_OWN = /^(?:proc|sys)(?:\/|$)/
const DEVICES = /^dev(?:\/|$)/

interface LookUp extends More {
  readonly directory?: boolean
  readonly symlinks?: Symlinks
  /** The look-up begins at the mount of the plan that holds the path, if one does (see {@link Call.beneathMount}). */
  readonly beneathMount?: boolean
}

/**
 * openat2(2) of a path beneath `$root`, as a process whose root it is would find it. Magic links of procfs never count.
 *
 * Below /proc, /sys and /dev, and wherever no symlink is followed, the plan's own mount is what is meant: what has its
 * name by now may be a directory of the image.
 */
export const openInRoot = (
  path: string,
  save: string,
  { directory = false, symlinks = 'in-root', beneathMount = false, ...more }: LookUp,
): Call => {
  const flags = directory ? O_PATH | O_DIRECTORY | O_CLOEXEC : O_PATH | O_CLOEXEC
  const inRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
  const refused = symlinks === 'refused' || KERNELS_OWN.test(path)
  return call(
    'openat2',
    [
      ref(ROOT),
      path,
      struct('open_how', { flags, resolve: refused ? inRoot | RESOLVE_NO_SYMLINKS : inRoot }),
      OPEN_HOW_SIZE_VER0,
    ],
    { save, ...(refused || beneathMount || DEVICES.test(path) ? { beneathMount: true as const } : {}), ...more },
  )
}

/** openat2(2) of a name in a directory whose fd is held, whatever it is: a symlink is not followed but found. */
export const openName = (
  parent: string,
  name: string,
  save: string,
  { directory = false, ...more }: More & { directory?: boolean },
): Call => {
  const flags = O_PATH | O_NOFOLLOW | O_CLOEXEC | (directory ? O_DIRECTORY : 0)
  const how = struct('open_how', { flags, resolve: RESOLVE_NO_SYMLINKS })
  return call('openat2', [ref(parent), name, how, OPEN_HOW_SIZE_VER0], { save, ...more })
}

/** move_mount(2) of a detached mount onto a place, from fd to fd. */
export const moveMount = (mount: string, place: string, more: Pick<Call, 'hints'> = {}): Call =>
  call('move_mount', [ref(mount), '', ref(place), '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH], more)
