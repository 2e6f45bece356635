import { call, ROOT, type Step, type StepList } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_PATH } from '@rt/sys'
import { asked } from '../complaints.js'
import { changeRoot } from './change-root.js'

/**
 * The plain chroot(2), on a directory as it lies: nothing is mounted but what `mounts` says, for which the
 * plan needs a mount namespace of its own.
 *
 * Not a sandbox: who is root inside (CAP_SYS_CHROOT) leaves with mkdir, chroot and a row of `chdir("..")`. Sets `$root`.
 *
 * @param directory host path
 */
export const chrootRoot = (directory: string, mounts: StepList = [], origin?: string): StepList => [
  {
    name: 'root directory',
    why: 'the directory that will be /',
    ...asked(origin),
    // Opened by init: an fd from before the clone belongs to the host's mount namespace, and can't be mounted upon.
    'init.mount': [
      call('openat', [AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC], { save: ROOT, of: directory }),
    ],
  } satisfies Step,
  mounts,
  changeRoot('chroot', origin),
]
