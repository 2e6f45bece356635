import { call, ref, type Step } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_PATH } from '@rt/sys'
import { asked } from '../complaints.js'
import { checkWorkingDirectory } from './check-cwd.js'

/**
 * Stand where a process of the container stands: for a further program in it, after `joinContainer`, in place of
 * `workingDirectory`. The directory itself is entered, not its name, which may lead elsewhere by now. It is the process's
 * own choice, so the kernel is asked whether it lies beneath the container's root.
 *
 * @param pid of a process of the container, as the host (the caller's pid namespace) numbers it
 */
export const sameDirectory = (pid: number, origin?: string): Step => ({
  name: 'working directory',
  why: 'where the container’s program is',
  ...asked(origin),
  'host.prepare': [
    call('openat', [AT_FDCWD, `/proc/${pid}/cwd`, O_PATH | O_DIRECTORY | O_CLOEXEC], {
      save: 'directory',
      of: `/proc/${pid}/cwd`,
      hints: {
        EACCES: `process ${pid} is another user's, or has capabilities that the caller lacks`,
        ENOENT: `process ${pid} has ended`,
      },
    }),
  ],
  'init.pivot': [
    call('fchdir', [ref('directory')]),
    ...checkWorkingDirectory('beneath', {
      ENOENT: 'the directory of the container’s program has been removed: say where to start (--workdir)',
    }),
    call('close', [ref('directory')]),
  ],
})
