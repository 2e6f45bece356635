import { closeSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { F_DUPFD_CLOEXEC, O_CLOEXEC, RtError, syscall } from '@rt/sys'

/** Where one of the container's three streams goes: Node's own, a pipe to Node, /dev/null, or any open fd. */
export type StdioItem = 'inherit' | 'pipe' | 'null' | number

/** One for all three, or stdin, stdout and stderr each. */
export type Stdio = StdioItem | readonly [stdin: StdioItem, stdout: StdioItem, stderr: StdioItem]

/** fds below this are targets of dup2 in the child: a source there could be overwritten before its turn. */
const FIRST_SAFE_FD = 16

/** The fds that a child gets, and what Node keeps of them. */
export class ChildFiles {
  /** [from, to] for posix_spawn, in order. */
  readonly dup2: [from: number, to: number][] = []
  private readonly opened: number[] = []

  /** Give the child `fd` as `to`. Node keeps its own. */
  pass(fd: number, to: number): void {
    if (fd === to) this.dup2.push([fd, to])
    else this.dup2.push([fd < FIRST_SAFE_FD ? this.own(syscall('fcntl', fd, F_DUPFD_CLOEXEC, FIRST_SAFE_FD)) : fd, to])
  }

  /** Close it when the child has been started, or couldn't be. */
  own(fd: number): number {
    this.opened.push(fd)
    return fd
  }

  /** A pipe whose other end the child gets as `to`. @returns Node's end */
  pipe(to: number, childReads: boolean): number {
    const [read, write] = pipe()
    this.pass(this.own(childReads ? read : write), to)
    return childReads ? write : read
  }

  close(): void {
    for (const fd of this.opened.splice(0)) closeSync(fd)
  }
}

/** pipe(2), both ends close-on-exec: [read, write]. @throws SyscallError EMFILE, ENFILE */
function pipe(): [read: number, write: number] {
  const ends = new Int32Array(2)
  syscall('pipe2', new Uint8Array(ends.buffer), O_CLOEXEC)
  return [ends[0] as number, ends[1] as number]
}

/** Node's ends of the pipes that were asked for. */
export interface Streams {
  readonly stdin: Writable | null
  readonly stdout: Readable | null
  readonly stderr: Readable | null
}

/** Node's end of each stream that is a pipe. */
export type StreamEnds = readonly (number | undefined)[]

/**
 * Arrange the container's standard streams.
 *
 * @param kept told of every end that is Node's, to close it if the container can't be started
 * @throws RtError RT_INVALID_OPTION for a word that is none; SyscallError EMFILE, ENFILE
 */
export function arrangeStdio(stdio: Stdio, files: ChildFiles, kept: (fd: number) => number): StreamEnds {
  const items = typeof stdio === 'object' ? stdio : ([stdio, stdio, stdio] as const)
  for (const item of items) {
    if (item === 'inherit' || item === 'pipe' || item === 'null') continue
    if (typeof item === 'number' && Number.isInteger(item) && item >= 0) continue
    throw new RtError(
      'RT_INVALID_OPTION',
      `stdio: expected "inherit", "pipe", "null" or an fd, got ${JSON.stringify(item)}`,
    )
  }
  return items.map((item, to) => {
    if (item === 'pipe') return kept(files.pipe(to, to === 0))
    if (item === 'inherit') files.pass(to, to)
    else if (item === 'null') files.pass(files.own(openSync('/dev/null', to === 0 ? 'r' : 'w')), to)
    else files.pass(item, to)
    return undefined
  })
}

/** The streams on Node's ends: they own them from here on. */
export function streamsOn([stdin, stdout, stderr]: StreamEnds): Streams {
  const readable = (fd: number | undefined) =>
    fd === undefined ? null : new Socket({ fd, readable: true, writable: false })
  return {
    stdin: stdin === undefined ? null : new Socket({ fd: stdin, readable: false, writable: true }),
    stdout: readable(stdout),
    stderr: readable(stderr),
  }
}
