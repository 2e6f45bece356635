import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path/posix'
import { errnoName, O_CLOEXEC, O_WRONLY, quote, SyscallError } from '@rt/sys'
import type { ReadFile } from '../resources/controller.js'
import { cgroupHint } from './hints.js'

/** What Node's fs throws. */
type NodeError = NodeJS.ErrnoException

/** The name of an error's errno as @rt/sys spells it: Node says ENOTSUP where the kernel's headers say EOPNOTSUPP. */
export const errnoOf = (error: unknown): string | undefined => {
  const { errno, code } = (error ?? {}) as NodeError
  return errno === undefined ? code : errnoName(-errno)
}

/** A group that is removed while we look at it has no files (ENOENT), or open ones that are dead (ENODEV). */
const GONE = ['ENOENT', 'ENODEV']

/** Nothing to read: no such group, no such file, or one that only other kinds of groups answer (EOPNOTSUPP). */
export const isAbsent = (error: unknown): boolean => [...GONE, 'EOPNOTSUPP'].includes(errnoOf(error) as string)

/** A reader of a group's files. cgroupfs is kernel memory: reading it waits for nothing. */
export const reader =
  (directory: string): ReadFile =>
  (file) => {
    try {
      return readFileSync(join(directory, file), 'utf8').replace(/\n$/, '')
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }

/**
 * Write one value into a file of a group.
 *
 * @param option the resource that asked for it, for the message
 * @throws SyscallError with the file, the value and, where one is known, the remedy
 */
export async function writeGroupFile(directory: string, file: string, value: string, option?: string): Promise<void> {
  const path = join(directory, file)
  let handle: FileHandle | undefined
  try {
    // Not writeFile: its O_CREAT makes cgroupfs say EACCES where the file is missing.
    handle = await open(path, O_WRONLY | O_CLOEXEC)
    await handle.write(value)
  } catch (error) {
    const { errno } = error as NodeError
    if (errno === undefined) throw error
    const failed = handle ? 'write' : 'openat'
    throw new SyscallError({
      syscall: failed,
      errno,
      path,
      message: `cannot ${option === undefined ? 'write' : `set ${option}:`} ${JSON.stringify(value)} to ${file} of the cgroup`,
      call: handle
        ? `write(${handle.fd}<${path}>, ${quote(value)}, ${Buffer.byteLength(value)})`
        : `openat(AT_FDCWD, ${quote(path)}, O_WRONLY|O_CLOEXEC)`,
      hint: cgroupHint(file, errnoOf(error)),
      cause: error,
    })
  } finally {
    await handle?.close()
  }
}

/** Is there such a group? */
export const exists = (directory: string): boolean => existsSync(join(directory, 'cgroup.procs'))

/** Names of the groups directly below; none if the group is gone. */
function childGroups(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(directory, name))
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

/** The group and all groups below it, each before those below it. */
export const groupTree = (directory: string): string[] => [directory, ...childGroups(directory).flatMap(groupTree)]

/** Processes of a group and of those below it. 0 stands for one of a pid namespace that we can't see into. */
export function processesIn(directory: string): number[] {
  const pids = groupTree(directory).flatMap((each) => reader(each)('cgroup.procs')?.split('\n') ?? [])
  return [...new Set(pids.filter((pid) => pid !== '').map(Number))]
}
