import { call, type Instruction, ROOT, ref, type Step, struct } from '@rt/program'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  MNT_DETACH,
  MOUNT_ATTR_SIZE_VER0,
  MS_MOVE,
  MS_SLAVE,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
} from '@rt/sys'
import { asked } from '../complaints.js'
import { checkWorkingDirectory } from './check-cwd.js'

/**
 * How the root is changed.
 *
 * - `pivot_root`: the old root is unmounted; nothing of it can be reached again. The default.
 * - `move`: the tree is moved over the old root, then chroot. For a host that runs from its initramfs, whose root
 *   can't be pivoted (`neededRootChange` tells). The old root lies beneath, where no path leads.
 * - `chroot`: the old root stays mounted; who is root inside walks out of it. For experiments, not a sandbox.
 */
export type RootChange = 'pivot_root' | 'move' | 'chroot'

const WHY: Readonly<Record<RootChange, string>> = {
  pivot_root: 'the old root is gone, not merely out of sight as after chroot',
  move: 'an initramfs can’t be pivoted: its root is covered instead',
  chroot: 'paths begin at another directory; the old root is still there',
}

/** Change the root of the process to `$root`, and stand in it. */
export const changeRoot = (change: RootChange, origin: string | undefined): Step => ({
  name: change === 'move' ? 'move root' : change,
  why: WHY[change],
  ...asked(origin),
  'init.pivot': [
    ...(change === 'pivot_root' ? pivotRoot : change === 'move' ? moveRoot : plainChroot),
    call('chdir', ['/']),
    ...checkWorkingDirectory('root'),
  ],
})

/** The new root is stacked under the old one at the same place, so no directory for the old root is needed. */
const pivotRoot: readonly Instruction[] = [
  call('openat', [AT_FDCWD, '/', O_PATH | O_DIRECTORY | O_CLOEXEC], { save: 'old', of: 'old root' }),
  call('fchdir', [ref(ROOT)]),
  call('pivot_root', ['.', '.'], {
    hints: {
      EINVAL:
        'the host runs from its initramfs, whose root can’t be pivoted (then choose { change: "move" }), or the mount ' +
        'that holds the new root is shared',
    },
  }),
  call(
    'mount_setattr',
    [
      ref('old'),
      '',
      AT_EMPTY_PATH | AT_RECURSIVE,
      struct('mount_attr', { propagation: MS_SLAVE }),
      MOUNT_ATTR_SIZE_VER0,
    ],
    { why: 'unmounting here must unmount nothing on the host' },
  ),
  call('close', [ref('old')]),
  call('umount2', ['.', MNT_DETACH]),
]

const moveRoot: readonly Instruction[] = [
  call('fchdir', [ref(ROOT)]),
  call('mount', ['.', '/', null, MS_MOVE, null]),
  call('chroot', ['.']),
]

const plainChroot: readonly Instruction[] = [call('fchdir', [ref(ROOT)]), call('chroot', ['.'])]
