import { call, type Instruction, ref, struct } from '@rt/program'
import { AT_FDCWD, MNT_DETACH, MOUNT_ATTR_SIZE_VER0, MOVE_MOUNT_F_EMPTY_PATH, MS_PRIVATE } from '@rt/sys'

/**
 * Where a mount is attached for a while, because the kernel wants it attached: overlay refuses layers of a detached
 * mount, and before Linux 6.15 a detached mount can be neither copied nor mounted upon. /proc is a mount point on any
 * host that runs Node, and what is put over it is seen in init's own mount namespace only.
 */
const SCRATCH_MOUNTPOINT = '/proc'

/** Attach the mount saved under `mount`, and stand in it: its content has short names then. */
export const enterScratchMountpoint = (mount: string): Instruction[] => [
  call(
    'mount_setattr',
    [AT_FDCWD, SCRATCH_MOUNTPOINT, 0, struct('mount_attr', { propagation: MS_PRIVATE }), MOUNT_ATTR_SIZE_VER0],
    // EINVAL: not a mount point of its own; then it belongs to a mount that `namespaces` made private.
    { tolerate: ['EINVAL'], why: 'if propagation was left shared, the host would see it' },
  ),
  call('move_mount', [ref(mount), '', AT_FDCWD, SCRATCH_MOUNTPOINT, MOVE_MOUNT_F_EMPTY_PATH]),
  call('fchdir', [ref(mount)], { why: 'what lies in it has short names from here' }),
]

/** Unmount it again. What was made from its content (an overlay, copies of mounts) lives on. */
export const leaveScratchMountpoint = (mount: string): Instruction[] => [
  call('umount2', ['.', MNT_DETACH]),
  call('chdir', ['/']),
  call('close', [ref(mount)]),
]
