import { call, type Instruction, ref } from '@rt/program'
import { quote } from '@rt/sys'
import { moveMount } from '../instructions/handles.js'
import { verifyDestination } from '../instructions/verify.js'
import { cleanDestination, type DestinationOptions, openDestination } from './destination.js'

/**
 * Attach the detached mount saved under `mount` at a destination beneath `$root`, from fd to fd, then close both; the
 * mount's own is kept if a later step looks something up beneath it.
 *
 * @param after what else is done through the mount, now that it is attached
 */
export function attach(
  mount: string,
  destination: string,
  options: DestinationOptions,
  after: readonly Instruction[] = [],
): Instruction[] {
  const { main, aside } = openDestination(destination, options)
  return [
    ...main,
    ...(options.symlinks === 'in-root' ? verifyDestination('dest', cleanDestination(destination)) : []),
    moveMount(mount, 'dest', {
      hints: {
        EINVAL: `a directory can be mounted only on a directory, a file only on a file: look at ${quote(destination)} in the root filesystem`,
      },
    }),
    call('close', [ref('dest')]),
    ...after,
    call('close', [ref(mount)], { mountedAt: cleanDestination(destination) }),
    ...aside,
  ]
}

/**
 * The supervisor's copy of what it opened for init: it would keep the mount alive, and busy, as long as the container
 * runs. Where init opened it itself there is nothing to close.
 */
export const closeInSupervisor = (mount: string): Instruction => call('close', [ref(mount)], { tolerate: ['EBADF'] })
