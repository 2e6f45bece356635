import { setTimeout as sleep } from 'node:timers/promises'
import {
  AT_FDCWD,
  close,
  O_CREAT,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDWR,
  openat,
  RtError,
  SyscallError,
  tryFlock,
  unlinkat,
} from '@rt/sys'
import { nul, requireStatus, statusOf } from '../extract/calls.js'
import { encodeByteString } from '../tar/byte-string.js'

function openLock(path: string): number {
  try {
    return openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
  } catch (cause) {
    if (!SyscallError.isInstance(cause) || !['EISDIR', 'ELOOP', 'ENXIO'].includes(cause.code)) throw cause
    const quoted = JSON.stringify(path)
    throw new RtError('RT_WRONG_TYPE', `cannot lock ${quoted}: expected a file`, { hint: `remove ${quoted}`, cause })
  }
}

/** ms between looks at a lock that another process holds: short, then as long as nobody minds. */
const PAUSES = [5, 10, 20, 50, 100]

/**
 * A lock between processes, and between callers in one process: a file locked by flock(2), which the kernel unlocks when
 * its owner dies. The file is removed with the lock, so a path that is locked by nobody is free to make.
 */
export class Lock {
  private constructor(
    readonly path: string,
    readonly fd: number,
  ) {}

  /** @returns undefined if another holds it */
  static try(path: string): Lock | undefined {
    const name = nul(encodeByteString(path))
    for (;;) {
      const fd = openLock(path)
      if (!tryFlock(fd)) {
        close(fd)
        return undefined
      }
      // Its last owner may have removed the file between the open and the lock: then this is a lock on nothing.
      const status = statusOf(AT_FDCWD, name)
      if (typeof status !== 'number' && status.inode === requireStatus(fd).inode) return new Lock(path, fd)
      close(fd)
    }
  }

  /**
   * Waits for the lock without blocking the thread.
   *
   * @param onWait called once, if it has to wait
   * @throws the signal's reason
   */
  static async acquire(path: string, signal?: AbortSignal, onWait?: () => void): Promise<Lock> {
    for (let tried = 0; ; tried++) {
      signal?.throwIfAborted()
      const lock = Lock.try(path)
      if (lock) return lock
      if (tried === 0) onWait?.()
      await sleep(PAUSES[Math.min(tried, PAUSES.length - 1)])
    }
  }

  release(): void {
    unlinkat(AT_FDCWD, this.path)
    close(this.fd)
  }
}
