import { type Call, call, fail, goto, type Instruction, label, ref } from '@rt/program'
import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  MOUNT_ATTR_RDONLY,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  quote,
  S_IFREG,
} from '@rt/sys'
import { closeInSupervisor } from '../destination/attach.js'
import { moveMount, openName } from '../instructions/handles.js'
import { deviceIs, fileTypeIs, statFd } from '../instructions/verify.js'
import { setAttributes } from '../options/attributes.js'
import { type DeviceNode, deviceNumber, FILE_TYPE } from './device-node.js'

/** mknodat(2) in the directory saved under `directory`, where nothing is yet. The umask must be 0. */
export function makeNode(directory: string, name: string, node: DeviceNode, onError?: Call['onError']): Instruction[] {
  const { type, major = 0, minor = 0, fileMode = 0o666, uid = 0, gid = 0 } = node
  return [
    call('mknodat', [ref(directory), name, FILE_TYPE[type] | fileMode, deviceNumber(major, minor)], {
      ...(onError ? { onError } : {}),
    }),
    ...(uid || gid ? [call('fchownat', [ref(directory), name, uid, gid, AT_SYMLINK_NOFOLLOW])] : []),
  ]
}

/**
 * The same where something may be (the root is a plain directory that was used before). It must be the very device: an
 * image that brings another one as /dev/null reads what is thrown away.
 */
export function makeOrFindNode(directory: string, name: string, node: DeviceNode): Instruction[] {
  const { type, major = 0, minor = 0 } = node
  const wrong = fail(
    `expected the device ${type} ${major}:${minor} at ${quote(node.path)}, got another file`,
    'remove it from the root filesystem',
  )
  return [
    ...makeNode(directory, name, node, { EEXIST: 'exists' }),
    goto('made'),
    label('exists'),
    openName(directory, name, 'node', {
      of: node.path,
      why: 'only if it is there already: is it the device?',
    }),
    statFd(ref('node')),
    fileTypeIs(FILE_TYPE[type], { then: 'type' }),
    wrong,
    label('type'),
    ...(type === 'p' ? [] : [deviceIs(major, minor, { then: 'device' }), wrong, label('device')]),
    call('close', [ref('node')]),
    label('made'),
  ]
}

/** The name of the word that holds the host's node. */
const hostNode = (index: number): string => `host${index}`

/**
 * The host's node, opened while outside is in sight; {@link bindNode} attaches it. The mount is read-only: reading and
 * writing the device is not affected, but nobody inside can change the host's node (chmod, chown, utimes: EROFS).
 *
 * What the path led to when the device was asked for, it need not lead to now; so the very device is looked for.
 */
export const openNode = (node: DeviceNode, index = 0): Instruction[] => {
  const { path, source = path, type, major = 0, minor = 0 } = node
  const [isType, isDevice, wrong] = [`type${index}`, `device${index}`, `wrong${index}`]
  return [
    call('open_tree', [AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], { save: hostNode(index), of: source }),
    statFd(ref(hostNode(index))),
    fileTypeIs(FILE_TYPE[type], { then: isType }),
    label(wrong),
    fail(
      `expected the device ${type} ${major}:${minor} at ${JSON.stringify(source)} of the host, got another file`,
      'it was replaced since it was looked at, or the host’s /dev is not what it should be',
    ),
    label(isType),
    ...(type === 'p' ? [] : [deviceIs(major, minor, { then: isDevice, else: wrong }), label(isDevice)]),
    setAttributes(hostNode(index), MOUNT_ATTR_RDONLY),
  ]
}

/** The supervisor's copy. */
export const closeNode = (_node: DeviceNode, index = 0): Instruction => closeInSupervisor(hostNode(index))

/** Bind the host's node on a file in the directory saved under `directory`: in a user namespace mknod is forbidden. */
export const bindNode = (directory: string, name: string, node: DeviceNode, index = 0): Instruction[] => [
  call('mknodat', [ref(directory), name, S_IFREG | 0o666, 0], { tolerate: ['EEXIST'], why: 'a file to mount upon' }),
  openName(directory, name, 'node', { of: node.path }),
  moveMount(hostNode(index), 'node'),
  call('close', [ref('node')]),
  call('close', [ref(hostNode(index))]),
]
