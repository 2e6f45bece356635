import { statSync } from 'node:fs'
import { quote, RtError, textBytes } from '@rt/sys'
import { type DeviceNode, majorOf, minorOf } from './device-node.js'

/**
 * What device a path of the host is, for {@link device} and for cgroup rules. Looks at the host.
 *
 * @param source path on the host; symlinks are followed, as with `docker run --device`
 * @param path path in the container; default: the same
 * @throws RtError RT_NOT_FOUND if there is nothing, RT_WRONG_TYPE if it is not a device
 */
export function readDevice(source: string, path = source): DeviceNode {
  const status = statSync(textBytes(source), { throwIfNoEntry: false })
  if (!status) {
    throw new RtError('RT_NOT_FOUND', `no device ${quote(source)} on the host`, {
      hint: 'a driver may have to be loaded: modprobe',
    })
  }
  const type = status.isCharacterDevice() ? 'c' : status.isBlockDevice() ? 'b' : undefined
  if (!type) {
    const kind = status.isDirectory() ? 'directory' : 'file'
    throw new RtError('RT_WRONG_TYPE', `cannot use ${quote(source)} as a device: expected device, got ${kind}`)
  }
  return {
    path,
    source,
    type,
    major: majorOf(status.rdev),
    minor: minorOf(status.rdev),
    fileMode: status.mode & 0o777,
    uid: status.uid,
    gid: status.gid,
  }
}
