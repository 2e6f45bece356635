import { readlinkSync } from 'node:fs'
import { SyscallError } from '../errors.js'
import { argumentKinds, type CallArgument, formatCall } from '../format/call.js'
import { untilNul } from '../format/quote.js'
import type { SyscallName } from '../syscalls.js'
import { AT_FDCWD } from '../uapi/fcntl.js'

/** What an fd of this process stands for, or undefined if it is closed or /proc is not in sight. */
function pathOfFd(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    // An error is being reported already; the number alone must do.
    return undefined
  }
}

/** Paths among the arguments; one relative to an fd is shown beneath that fd's path. */
function pathsOf(name: SyscallName, args: readonly CallArgument[], pathOf: typeof pathOfFd): string[] {
  const paths: string[] = []
  const kinds = argumentKinds(name, args) ?? []
  for (const [index, kind] of kinds.entries()) {
    const value = args[index]
    if (kind !== 'path' || (typeof value !== 'string' && !(value instanceof Uint8Array))) continue
    const path = typeof value === 'string' ? value : Buffer.from(untilNul(value)).toString()
    const fd = kinds[index - 1] === 'fd' ? args[index - 1] : undefined
    const base = typeof fd === 'number' && fd !== AT_FDCWD && !path.startsWith('/') ? pathOf(fd) : undefined
    paths.push(base === undefined ? path : path === '' ? base : `${base.replace(/\/$/, '')}/${path}`)
  }
  return paths
}

/**
 * The error of a call that failed: printed with what its fds stand for now, `path` and `dest` filled as Node fills them.
 *
 * @param errno positive
 */
export function syscallError(name: SyscallName, args: readonly CallArgument[], errno: number): SyscallError {
  const known = new Map<number, string | undefined>()
  const pathOf = (fd: number) => {
    if (!known.has(fd)) known.set(fd, pathOfFd(fd))
    return known.get(fd)
  }
  const [path, dest] = pathsOf(name, args, pathOf)
  return new SyscallError({ syscall: name, errno, path, dest, call: formatCall(name, args, { pathOfFd: pathOf }) })
}
