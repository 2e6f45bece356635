import { buffer, call, compute, ref, type Step } from '@rt/program'
import { RLIMITS } from '@rt/sys'

const { RLIMIT_NOFILE } = RLIMITS
const RLIMIT_SIZE = 16
const HARD = 8

/** Fds that a plan needs besides one for each source of outside. */
const SPARE = 64
/** The soft limit that a shell usually gives. */
const USUAL = 1024

/**
 * Every bind source and layer is an fd until it is mounted: with many of them the soft limit on open files is raised to
 * the hard one, and put back at this step, which comes after the mounts. Node raises it for itself when it starts; a
 * compiled program run from a shell has the shell's.
 *
 * @param sources how many there are
 * @returns no step if the usual limit, 1024, is enough
 */
export const fileLimit = (sources: number, origin = 'default'): Step | null =>
  sources + SPARE <= USUAL
    ? null
    : {
        name: 'file limit',
        why: `${sources} sources of mounts are open at once`,
        origin,
        'host.prepare': [
          call('prlimit64', [0, RLIMIT_NOFILE, null, buffer('limit', RLIMIT_SIZE)]),
          compute('raised+0', ref('limit', HARD)),
          compute(`raised+${HARD}`, ref('limit', HARD)),
          call('prlimit64', [0, RLIMIT_NOFILE, buffer('raised', RLIMIT_SIZE), null]),
        ],
        'init.mount': [call('prlimit64', [0, RLIMIT_NOFILE, buffer('limit', RLIMIT_SIZE), null], { why: 'as it was' })],
      }
