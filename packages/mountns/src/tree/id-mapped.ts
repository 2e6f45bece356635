import { CLONE, call, decimal, decimalText, type Instruction, ref, struct } from '@rt/program'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  MOUNT_ATTR_IDMAP,
  MOUNT_ATTR_SIZE_VER0,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
} from '@rt/sys'
import { verifyProc } from '../instructions/verify.js'

/**
 * Map the owners on detached mounts by the container's user namespace: a file that root owns on the disk belongs to the
 * container's root, whatever root is outside. For a meeting at `init.enter`: the maps are written by then, and the supervisor,
 * which must be root, still holds the mounts. Linux 5.12 and the file system decide (ext4, xfs, btrfs; tmpfs since 6.3).
 *
 * @param mounts names of the words that hold the mounts
 */
export const mapOwners = (mounts: readonly string[], recursive: boolean): Instruction[] => [
  ...decimal('pid', ref(CLONE)),
  call('openat', [AT_FDCWD, '/proc', O_PATH | O_DIRECTORY | O_CLOEXEC], { save: 'proc', of: '/proc' }),
  ...verifyProc('proc'),
  call('openat', [ref('proc'), decimalText('pid'), O_PATH | O_DIRECTORY | O_CLOEXEC], { save: 'init', of: 'init' }),
  call('openat', [ref('init'), 'ns/user', O_RDONLY | O_CLOEXEC], { save: 'userns', of: 'user namespace' }),
  call('close', [ref('init')]),
  call('close', [ref('proc')]),
  ...mounts.map((mount) =>
    call(
      'mount_setattr',
      [
        ref(mount),
        '',
        recursive ? AT_EMPTY_PATH | AT_RECURSIVE : AT_EMPTY_PATH,
        struct('mount_attr', { attr_set: MOUNT_ATTR_IDMAP, userns_fd: ref('userns') }, 'idmap'),
        MOUNT_ATTR_SIZE_VER0,
      ],
      {
        why: 'owners as the container numbers them',
        hints: {
          EBADF: 'id-mapped mounts are made by a supervisor that is root',
          EINVAL: 'the file system can’t be id-mapped by this kernel',
          EPERM: 'the plan has no user namespace of its own to map by, or the mount is id-mapped already',
        },
      },
    ),
  ),
  call('close', [ref('userns')]),
]
