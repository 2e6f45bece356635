import { posix } from 'node:path'
import { call, type Instruction, ROOT, ref, type Step } from '@rt/program'
import { type OptionKeys, quote, refuseUnknownOptions } from '@rt/sys'
import { cleanDestination, openDestination } from '../destination/destination.js'
import { refuse } from '../options/refuse.js'
import { checkDeviceNode, type DeviceNode } from './device-node.js'
import { bindNode, closeNode, makeOrFindNode, openNode } from './make-node.js'

export interface DeviceOptions {
  /**
   * `mknod`: a node of the container's own. `bind`: the host's node, mounted on a file; the only way in a user
   * namespace. The mount is read-only, so that the node's mode and owner stay the host's business.
   */
  readonly how?: 'mknod' | 'bind'
  readonly origin?: string
}

const OPTIONS: OptionKeys<DeviceOptions> = { how: true, origin: true }

/**
 * One more device. Its directory is made if missing, and may not be a symlink. That a process may use it is another
 * matter: the cgroup's device rules.
 *
 * @throws RtError RT_INVALID_OPTION with every complaint
 */
export function device(node: DeviceNode, options: DeviceOptions = {}): Step {
  refuseUnknownOptions('device', options, OPTIONS)
  const { how = 'mknod', origin = 'default' } = options
  const name = `device ${quote(node.path)}`
  refuse(name, origin, checkDeviceNode('device', node))
  const path = cleanDestination(node.path)
  const base = posix.basename(path)
  const parent = posix.dirname(path)
  const make = (directory: string): Instruction[] =>
    how === 'bind'
      ? bindNode(directory, base, node)
      : [call('umask', [0], { save: 'mask' }), ...makeOrFindNode(directory, base, node), call('umask', [ref('mask')])]
  const { main, aside } = openDestination(parent, { make: 'directory', symlinks: 'refused' })
  const inside = parent === '/' ? make(ROOT) : [...main, ...make('dest'), call('close', [ref('dest')]), ...aside]
  return {
    name,
    why: 'a device of the host, for the container',
    origin,
    ...(how === 'bind' ? { 'host.open': openNode(node), meets: [{ at: 'init.enter', host: [closeNode(node)] }] } : {}),
    'init.mount': inside,
  }
}
