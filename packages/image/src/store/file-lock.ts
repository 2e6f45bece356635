import { closeSync, constants, openSync } from 'node:fs'
import { flock, LOCK_EX, LOCK_SH } from '@rt/sys'

/**
 * Does something under a lock on a file, which stays. The kernel drops the lock of an owner that dies (flock(2)).
 *
 * It blocks the thread, as those do who hold it: nobody holds it over an `await`, so it is a matter of milliseconds, and
 * nobody in this thread can be the one who is waited for.
 *
 * @param shared with others that are shared
 */
export function withLock<T>(path: string, kind: 'exclusive' | 'shared', act: () => T): T {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  try {
    flock(fd, kind === 'shared' ? LOCK_SH : LOCK_EX)
    return act()
  } finally {
    closeSync(fd)
  }
}
