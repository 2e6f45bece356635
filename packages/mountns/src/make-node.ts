import { branch, call, fail, type Instruction, label, ref, struct } from '@rt/program'
import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  O_CLOEXEC,
  O_NOFOLLOW,
  O_PATH,
  OPEN_HOW_SIZE_VER0,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  RESOLVE_NO_SYMLINKS,
  S_IFREG,
} from '@rt/sys'
import { type DeviceNode, deviceNumber, FILE_TYPE } from './device-node.js'
import { deviceIs, fileTypeIs, statFd } from './verify.js'

const handle = struct('open_how', { flags: O_PATH | O_NOFOLLOW | O_CLOEXEC, resolve: RESOLVE_NO_SYMLINKS })

/**
 * mknodat(2) in the directory saved under `directory`. The umask must be 0. If a node is there already (the root is a
 * plain directory that was used before), it must be the very device: an image that brings another one as /dev/null
 * reads what is thrown away (CVE-2025-31133).
 */
export function makeNode(directory: string, name: string, node: DeviceNode): Instruction[] {
  const { type, major = 0, minor = 0, fileMode = 0o666, uid = 0, gid = 0 } = node
  const made = `${node.path} made`
  const [isType, isDevice] = [`${node.path} type`, `${node.path} device`]
  const wrong = fail(
    `expected the device ${type} ${major}:${minor} at ${JSON.stringify(node.path)}, got another file`,
    'remove it from the root filesystem',
  )
  return [
    call('mknodat', [ref(directory), name, FILE_TYPE[type] | fileMode, deviceNumber(major, minor)], {
      onError: { EEXIST: `${node.path} exists` },
    }),
    ...(uid || gid ? [call('fchownat', [ref(directory), name, uid, gid, AT_SYMLINK_NOFOLLOW])] : []),
    branch(0, 0, { then: made }),
    label(`${node.path} exists`),
    call('openat2', [ref(directory), name, handle, OPEN_HOW_SIZE_VER0], { save: 'node', of: node.path }),
    statFd(ref('node')),
    fileTypeIs(FILE_TYPE[type], { then: isType }),
    wrong,
    label(isType),
    ...(type === 'p' ? [] : [deviceIs(major, minor, { then: isDevice }), wrong, label(isDevice)]),
    call('close', [ref('node')]),
    label(made),
  ]
}

/** The host's node, opened while outside is in sight; {@link bindNode} attaches it. */
export const openNode = (node: DeviceNode): Instruction => {
  const source = node.source ?? node.path
  return call('open_tree', [AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], { save: node.path, of: source })
}

/** Bind the host's node on a file in the directory saved under `directory`: in a user namespace mknod is forbidden. */
export const bindNode = (directory: string, name: string, node: DeviceNode): Instruction[] => [
  call('mknodat', [ref(directory), name, S_IFREG | 0o666, 0], { tolerate: ['EEXIST'], why: 'a file to mount upon' }),
  call('openat2', [ref(directory), name, handle, OPEN_HOW_SIZE_VER0], { save: 'node', of: node.path }),
  call('move_mount', [ref(node.path), '', ref('node'), '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH]),
  call('close', [ref('node')]),
  call('close', [ref(node.path)]),
]
