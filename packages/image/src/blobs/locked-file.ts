import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { tryFlock } from '@rt/sys'

/** ms between looks at a lock that another holds. */
const PAUSES = [5, 10, 20, 50, 100]

/**
 * Opens a file, made if it is missing, and locks it (flock(2)), unless another has it.
 *
 * @returns its fd; undefined if another holds the lock, or has taken the name away in between
 */
export function tryLockedFile(path: string): number | undefined {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants
  const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
  if (tryFlock(fd) && stillNamed(fd, path)) return fd
  closeSync(fd)
  return undefined
}

/** Between the open and the lock the last owner may have renamed the file, or removed it. */
function stillNamed(fd: number, path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false, bigint: true })
  const own = fstatSync(fd, { bigint: true })
  return status?.ino === own.ino && status.dev === own.dev
}

/**
 * The same, waiting for its turn.
 *
 * @param done asked before each try: whether there is nothing left to do
 * @returns undefined if there isn't
 * @throws the signal's reason
 */
export async function lockedFile(
  path: string,
  done: () => boolean,
  signal?: AbortSignal,
  onWait?: () => void,
): Promise<number | undefined> {
  for (let tried = 0; ; tried++) {
    signal?.throwIfAborted()
    if (done()) return undefined
    const fd = tryLockedFile(path)
    if (fd !== undefined) {
      if (!done()) return fd
      closeSync(fd)
      return undefined
    }
    if (tried === 0) onWait?.()
    await sleep(PAUSES[Math.min(tried, PAUSES.length - 1)], undefined, signal ? { signal } : {}).catch((error) => {
      throw signal?.reason ?? error
    })
  }
}
