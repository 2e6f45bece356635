import { branch, buffer, call, fail, goto, type Instruction, label, ref, type Step } from '@rt/program'
import {
  AT_EMPTY_PATH,
  F_GETFL,
  NSFS_MAGIC,
  O_PATH,
  type OptionKeys,
  PID_FS_MAGIC,
  PIPEFS_MAGIC,
  refuseUnknownOptions,
  S_IFDIR,
  S_IFIFO,
  S_IFMT,
  S_IFREG,
  STATX_MODE,
  STATX_TYPE,
  structLayout,
} from '@rt/sys'
import { asked, refuse } from '../../complaints.js'
import { LARGEST_ID } from '../user/user-spec.js'

export interface StandardStreamsOptions {
  readonly origin?: string
  /**
   * The uid of the container's user as the caller numbers it (on the host, the id that the user namespace maps it to):
   * pipes become this user's. Absent: they stay whose they are.
   */
  readonly owner?: number
}

const OPTIONS: OptionKeys<StandardStreamsOptions> = { origin: true, owner: true }

/** -1: leave the group as it is. */
const KEEP_ID = 0xffffffff
const STATX = '$streamStatx'
const STATFS = '$streamStatfs'
const STATFS_SIZE = 120

/**
 * Look at what fds 0, 1 and 2 are, before anything is made: they go to the container as they are, and what they lead to,
 * its programs reach through /proc/self/fd.
 *
 * Refused is what leads further than to its own bytes. A directory: through it one reaches the tree around it, from the
 * host's root (fchdir(2), openat(2)). A place that is not open (O_PATH). A handle of the kernel that is no stream:
 * namespaces (setns(2)), pidfds, and anonymous inodes (epoll, eventfd, bpf …). Files, memfds, pipes, sockets, terminals
 * and devices are streams: who gives them away means to.
 *
 * A pipe becomes the container user's: else a program that isn't root can't open /dev/stdout again, as many log to. Only
 * a pipe, which nobody finds by a name. A file, a fifo with a name or a device (/dev/null!) is an inode of the host, and
 * stays whose it is. Where the caller may not give it away (a plain user) a pipe stays, too: the other programs of a
 * pipeline, which are the caller's own, go on opening their ends.
 *
 * Comes first in the plan, and not with `terminal`, which replaces all three.
 *
 * @throws RtError RT_INVALID_OPTION if `owner` is no id
 */
export function standardStreams(options: StandardStreamsOptions = {}): Step {
  refuseUnknownOptions('standardStreams', options, OPTIONS)
  const { owner, origin } = options
  const fits = owner === undefined || (Number.isInteger(owner) && owner >= 0 && owner <= LARGEST_ID)
  const message = `${owner} is no id: a whole number from 0 to ${LARGEST_ID}`
  refuse('cannot give the streams to this user', fits ? [] : [{ path: 'owner', message }])
  return {
    name: 'standard streams',
    why: 'stdin, stdout and stderr are of outside: through them nothing else may be reached',
    ...asked(origin),
    'host.prepare': ['stdin', 'stdout', 'stderr'].flatMap((name, fd) => look(name, fd, owner)),
  }
}

const modeOffset = structLayout('statx').fields.stx_mode?.offset as number

function look(name: string, fd: number, owner: number | undefined): Instruction[] {
  const at = (place: string): string => `${name} ${place}`
  const is = (type: number, then: string): Instruction =>
    branch(ref(STATX, modeOffset), type, { mask: S_IFMT, then: at(then) })
  const isOn = (magic: number, then: string): Instruction => branch(ref(STATFS), magic, { then: at(then) })
  const refused = (place: string, what: string, hint: string): Instruction[] => [
    label(at(place)),
    fail(`${name} is ${what}`, hint),
  ]
  return [
    call('fcntl', [fd, F_GETFL, 0], {
      save: 'flags',
      of: name,
      // Closed: then there is nothing that could lead anywhere.
      onError: { EBADF: at('done') },
    }),
    call('statx', [fd, '', AT_EMPTY_PATH, STATX_TYPE | STATX_MODE, buffer(STATX, structLayout('statx').size)]),
    is(S_IFDIR, 'directory'),
    branch(ref('flags'), O_PATH, { mask: O_PATH, then: at('place') }),
    // Anonymous inodes have no type.
    is(0, 'handle'),
    is(S_IFIFO, 'fifo'),
    is(S_IFREG, 'file'),
    goto(at('done')),
    ...refused(
      'directory',
      'a directory: the container would reach the tree that it is in',
      'redirect a file or a pipe; a directory of the host is given with --volume',
    ),
    ...refused('place', 'opened with O_PATH: nothing can be read from it', 'open it for reading or writing'),
    ...refused(
      'handle',
      'neither a file nor a pipe, a socket or a device',
      'a handle of the kernel (a namespace, a pidfd, an epoll) is no stream: redirect a file or a pipe',
    ),
    label(at('file')),
    call('fstatfs', [fd, buffer(STATFS, STATFS_SIZE)]),
    isOn(NSFS_MAGIC, 'handle'),
    isOn(PID_FS_MAGIC, 'handle'),
    goto(at('done')),
    label(at('fifo')),
    ...(owner === undefined ? [] : giveAway(fd, owner, isOn, at)),
    label(at('done')),
  ]
}

function giveAway(
  fd: number,
  owner: number,
  isOn: (magic: number, then: string) => Instruction,
  at: (place: string) => string,
): Instruction[] {
  return [
    call('fstatfs', [fd, buffer(STATFS, STATFS_SIZE)], { why: 'a fifo with a name is a file of the host' }),
    isOn(PIPEFS_MAGIC, 'pipe'),
    goto(at('done')),
    label(at('pipe')),
    call('fchown', [fd, owner, KEEP_ID], {
      why: 'the program may open /dev/stdin, /dev/stdout, /dev/stderr again',
      tolerate: ['EPERM'],
    }),
  ]
}
