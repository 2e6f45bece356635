import { call, PROC, type Step } from '@rt/program'
import {
  AT_FDCWD,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  type OptionKeys,
  refuseUnknownOptions,
} from '@rt/sys'
import { newFilesystem } from '../instructions/filesystem.js'
import { verifyProc } from '../instructions/verify.js'
import { bind } from './bind.js'
import { mount } from './mount.js'

export interface ProcOptions {
  /**
   * `host`: the host's /proc is bound. Needed where a user namespace comes without a PID namespace of its own: the
   * kernel then refuses a new one.
   */
  readonly from?: 'new' | 'host'
  readonly origin?: string
}

const OPTIONS: OptionKeys<ProcOptions> = { from: true, origin: true }

/** procfs of init's PID namespace at /proc, which must be a real directory; proc(5). */
export function proc(options: ProcOptions = {}): Step {
  refuseUnknownOptions('proc', options, OPTIONS)
  const { from = 'new', origin = 'default' } = options
  const destination = '/proc'
  if (from === 'host') return bind({ source: '/proc', destination, options: ['rbind'], origin })
  return mount({ type: 'proc', destination, options: ['nosuid', 'noexec', 'nodev'], origin })
}

export interface PrivateProcOptions {
  /** `host`: the host's /proc, as long as it is in sight and no image is; for the reason that {@link ProcOptions} has. */
  readonly from?: 'new' | 'host'
  readonly origin?: string
}

const PRIVATE_OPTIONS: OptionKeys<PrivateProcOptions> = { from: true, origin: true }

/**
 * A procfs that is mounted nowhere, so that nothing can be put over parts of it: saves its fd as `$proc`, for steps
 * that write below it (CVE-2025-52881). It comes before the root is changed: in a user namespace a new procfs is only
 * granted while the host's is in sight, whole.
 */
export function privateProc(options: PrivateProcOptions = {}): Step {
  refuseUnknownOptions('privateProc', options, PRIVATE_OPTIONS)
  const { from = 'new', origin = 'default' } = options
  return {
    name: 'private proc',
    why: 'settings are written through a procfs that no image and no mount can fake',
    origin,
    'init.mount':
      from === 'new'
        ? newFilesystem({
            type: 'proc',
            source: 'proc',
            attributes: MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
            save: PROC,
          })
        : [
            call('openat', [AT_FDCWD, '/proc', O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC], {
              save: PROC,
              of: '/proc',
            }),
            ...verifyProc(PROC),
          ],
  }
}
