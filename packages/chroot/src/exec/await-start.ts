import { closeSync, constants, openSync, unlinkSync, writeSync } from 'node:fs'
import { branch, call, compute, label, type Ref, ref, type Step } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, O_RDWR, quote, RtError, S_IFIFO } from '@rt/sys'
import { asked, refuse } from '../complaints.js'

/** The word that holds the fifo: what `closeDescriptors` or `exec` is to `waitFor`. */
export const START: Ref = ref('$start')

const NOT_YET = 1

/**
 * Set-up and start apart, as OCI's lifecycle has them: all is made, and init waits at a fifo until {@link start} writes to
 * it. The wait itself is the last thing before the execve, when nothing of the host is open any more: `closeDescriptors`
 * or `exec` has `waitFor: START`. For `create`, whose supervisor leaves when init has come there.
 *
 * @param fifo absolute path on the host, in a directory that only its owner can write; made here
 * @throws RtError RT_INVALID_OPTION for a path that is not absolute
 */
export function awaitStart(fifo: string, origin?: string): Step {
  refuse('cannot wait for a start', [
    ...(fifo.startsWith('/') ? [] : [{ path: 'fifo', message: `${quote(fifo)} is no absolute path` }]),
  ])
  return {
    name: 'await start',
    why: 'what is set up now may be started later',
    ...asked(origin),
    'host.prepare': [
      compute('made', NOT_YET),
      call('mknodat', [AT_FDCWD, fifo, S_IFIFO | 0o600, 0], {
        save: 'made',
        of: fifo,
        hints: { EEXIST: `${quote(fifo)} is that of another container, or was left by one` },
      }),
    ],
    'host.open': [
      // For reading alone it would wait for a writer here, and come to an end with the first of them.
      call('openat', [AT_FDCWD, fifo, O_RDWR | O_CLOEXEC], { save: START.ref, of: fifo }),
    ],
    // What init still has to do fails before its last meeting, or is told to nobody.
    meets: [{ at: 'init.execute' }],
    'host.gone': [
      branch(ref('made'), 0, { else: 'another’s' }),
      // Started, it is gone already.
      call('unlinkat', [AT_FDCWD, fifo, 0], { tolerate: ['ENOENT'] }),
      label('another’s'),
    ],
  }
}

/**
 * Let a created container's program go, once.
 *
 * @param fifo as {@link awaitStart} had it
 * @throws RtError RT_NOT_FOUND if it has been started before, RT_BROKEN_PROCESS if its init is dead
 */
export function start(fifo: string): void {
  const file = open(fifo)
  try {
    // Whoever takes the name away is the one who starts it.
    unlinkSync(fifo)
    writeSync(file, 's')
  } catch (error) {
    throw explained(fifo, error)
  } finally {
    closeSync(file)
  }
}

function open(fifo: string): number {
  try {
    return openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw explained(fifo, error)
  }
}

function explained(fifo: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return new RtError('RT_NOT_FOUND', `nothing waits at ${quote(fifo)}: it was started before`)
  // No reader: a fifo knows its readers, and this one's is init.
  if (code === 'ENXIO' || code === 'EPIPE') {
    return new RtError('RT_BROKEN_PROCESS', `the container that waited at ${quote(fifo)} is dead`)
  }
  return error
}
