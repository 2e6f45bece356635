import { posix } from 'node:path'
import { call, type Instruction, ref, type Step } from '@rt/program'
import { MOUNT_ATTR_NOSUID, MOUNT_ATTR_STRICTATIME, type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { attach } from '../destination/attach.js'
import { newFilesystem } from '../instructions/filesystem.js'
import { DEFAULT_DEVICES } from './device-node.js'
import { bindNode, closeNode, makeNode, openNode } from './make-node.js'

export interface DevOptions {
  /** How the default nodes come about, see {@link DeviceOptions.how}. */
  readonly how?: 'mknod' | 'bind'
  readonly origin?: string
}

const LINKS: readonly (readonly [name: string, target: string])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
  ['core', '/proc/kcore'],
  // The devpts instance at /dev/pts has its own.
  ['ptmx', 'pts/ptmx'],
]

/** Where devpts(), mqueue() and shm() mount. */
const DIRECTORIES = ['pts', 'mqueue', 'shm'] as const

const OPTIONS: OptionKeys<DevOptions> = { how: true, origin: true }

/**
 * A tmpfs at /dev with the default devices and links. It is filled through its own fd, so what the image has at /dev
 * plays no part; where that is a symlink, the set-up fails (CVE-2026-41579).
 */
export function dev(options: DevOptions = {}): Step {
  refuseUnknownOptions('dev', options, OPTIONS)
  const { how = 'mknod', origin = 'default' } = options
  const made = newFilesystem({
    type: 'tmpfs',
    source: 'tmpfs',
    parameters: [
      { name: 'mode', value: '755' },
      { name: 'size', value: '65536k' },
    ],
    attributes: MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME,
  })
  const filled: Instruction[] = [
    call('umask', [0], { save: 'mask', why: 'modes as written' }),
    ...DIRECTORIES.map((name) => call('mkdirat', [ref('mount'), name, 0o755])),
    ...LINKS.map(([name, target]) => call('symlinkat', [target, ref('mount'), name])),
    ...(how === 'mknod' ? DEFAULT_DEVICES.flatMap((node) => makeNode('mount', posix.basename(node.path), node)) : []),
    call('umask', [ref('mask')]),
  ]
  // Only an attached file can be mounted upon.
  const bound =
    how === 'bind'
      ? DEFAULT_DEVICES.flatMap((node, index) => bindNode('mount', posix.basename(node.path), node, index))
      : []
  return {
    name: 'mount "/dev"',
    why: 'the devices that every program expects, and none that reveals the host',
    origin,
    ...(how === 'bind'
      ? {
          'host.open': DEFAULT_DEVICES.flatMap(openNode),
          meets: [{ at: 'init.enter', host: DEFAULT_DEVICES.map(closeNode) }],
        }
      : {}),
    'init.mount': [...made, ...filled, ...attach('mount', '/dev', { make: 'directory', symlinks: 'refused' }, bound)],
  }
}
