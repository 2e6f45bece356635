import { call, ref, type Step } from '@rt/program'

const AT_FDCWD = -100
const OPEN_TREE_CLONE_REC = 0x1 | 0o2000000 | 0x8000
const FSCONFIG_SET_FLAG = 0
const FSCONFIG_SET_STRING = 1
const FSCONFIG_CMD_CREATE = 6
const CLOEXEC = 1
const MOVE_MOUNT_F_EMPTY_PATH = 4

/** A directory with what is mounted below it, as the container's root. Saves `$tree`. */
export const directoryTree = (path: string, origin?: string): Step => ({
  name: 'root tree',
  why: 'a copy of the mount, so that nothing done to it touches the directory’s own mount',
  ...(origin === undefined ? {} : { origin }),
  open: [call('open_tree', [AT_FDCWD, path, OPEN_TREE_CLONE_REC], { save: '$tree', of: path })],
})

export interface OverlayTreeOptions {
  /** Directories, topmost first. */
  readonly lower: readonly string[]
  readonly origin?: string
}

/**
 * Read-only layers under a writable tmpfs: what the container writes is gone with it. Saves `$tree`.
 *
 * The tmpfs is attached over /proc of init's own mount namespace, since overlay refuses layers of a detached mount.
 */
export const overlayTree = (options: OverlayTreeOptions): Step => ({
  name: 'root tree',
  why: 'read-only layers under a writable tmpfs, gone with the container',
  ...(options.origin === undefined ? {} : { origin: options.origin }),
  inside: [
    call('fsopen', ['tmpfs', CLOEXEC], { save: 'fs' }),
    call('fsconfig', [ref('fs'), FSCONFIG_SET_STRING, 'source', 'rt', 0]),
    call('fsconfig', [ref('fs'), FSCONFIG_SET_STRING, 'mode', '0755', 0]),
    call('fsconfig', [ref('fs'), FSCONFIG_CMD_CREATE, null, null, 0]),
    call('fsmount', [ref('fs'), CLOEXEC, 0], { save: 'upper', of: 'upper tmpfs' }),
    call('close', [ref('fs')]),
    call('mkdirat', [ref('upper'), 'upper', 0o755]),
    call('mkdirat', [ref('upper'), 'work', 0o755]),
    call('move_mount', [ref('upper'), '', AT_FDCWD, '/proc', MOVE_MOUNT_F_EMPTY_PATH]),
    call('fsopen', ['overlay', CLOEXEC], { save: 'fs' }),
    call('fsconfig', [ref('fs'), FSCONFIG_SET_STRING, 'source', 'overlay', 0]),
    call('fsconfig', [ref('fs'), FSCONFIG_SET_STRING, 'lowerdir', options.lower.join(':'), 0]),
    call('fsconfig', [ref('fs'), FSCONFIG_SET_STRING, 'upperdir', '/proc/upper', 0]),
    call('fsconfig', [ref('fs'), FSCONFIG_SET_STRING, 'workdir', '/proc/work', 0]),
    call('fsconfig', [ref('fs'), FSCONFIG_SET_FLAG, 'volatile', null, 0], { tolerate: 'any' }),
    call('fsconfig', [ref('fs'), FSCONFIG_CMD_CREATE, null, null, 0]),
    call('fsmount', [ref('fs'), CLOEXEC, 0], { save: '$tree', of: 'overlay' }),
    call('close', [ref('fs')]),
    call('close', [ref('upper')]),
  ],
})
