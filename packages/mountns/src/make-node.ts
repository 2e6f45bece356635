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
import { closeInSupervisor } from './attach.js'
import { type DeviceNode, deviceNumber, FILE_TYPE } from './device-node.js'
import { deviceIs, fileTypeIs, statFd } from './verify.js'

const handle = struct('open_how', { flags: O_PATH | O_NOFOLLOW | O_CLOEXEC, resolve: RESOLVE_NO_SYMLINKS })

/**
 * mknodat(2) in the directory saved under `directory`. The umask must be 0. If a node is there already (the root is a
 * plain directory that was used before), it must be the very device: an image that brings another one as /dev/null
 * reads what is thrown away (CVE-2025-31133).
 */
export function makeNode(directory: string, name: string, node: DeviceNode, index = 0): Instruction[] {
  const { type, major = 0, minor = 0, fileMode = 0o666, uid = 0, gid = 0 } = node
  const made = `made${index}`
  const [isType, isDevice] = [`type${index}`, `device${index}`]
  const wrong = fail(
    `expected the device ${type} ${major}:${minor} at ${JSON.stringify(node.path)}, got another file`,
    'remove it from the root filesystem',
  )
  return [
    call('mknodat', [ref(directory), name, FILE_TYPE[type] | fileMode, deviceNumber(major, minor)], {
      onError: { EEXIST: `exists${index}` },
    }),
    ...(uid || gid ? [call('fchownat', [ref(directory), name, uid, gid, AT_SYMLINK_NOFOLLOW])] : []),
    branch(0, 0, { then: made }),
    label(`exists${index}`),
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

/** The name of the word that holds the host's node. */
const hostNode = (index: number): string => `host${index}`

/** The host's node, opened while outside is in sight; {@link bindNode} attaches it. */
export const openNode = (node: DeviceNode, index = 0): Instruction => {
  const source = node.source ?? node.path
  return call('open_tree', [AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], {
    save: hostNode(index),
    of: source,
  })
}

/** The supervisor's copy. */
export const closeNode = (_node: DeviceNode, index = 0): Instruction => closeInSupervisor(hostNode(index))

/** Bind the host's node on a file in the directory saved under `directory`: in a user namespace mknod is forbidden. */
export const bindNode = (directory: string, name: string, node: DeviceNode, index = 0): Instruction[] => [
  call('mknodat', [ref(directory), name, S_IFREG | 0o666, 0], { tolerate: ['EEXIST'], why: 'a file to mount upon' }),
  call('openat2', [ref(directory), name, handle, OPEN_HOW_SIZE_VER0], { save: 'node', of: node.path }),
  call('move_mount', [ref(hostNode(index)), '', ref('node'), '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH]),
  call('close', [ref('node')]),
  call('close', [ref(hostNode(index))]),
]
