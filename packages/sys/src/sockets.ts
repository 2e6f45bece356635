import { ERRNO } from './errno.js'
import { RtError } from './errors.js'
import { bytes, integer, list, refuseArgument } from './native/arguments.js'
import { syscallError } from './native/failure.js'
import { addressOf } from './native/library.js'
import { attempt, syscall } from './native/syscall.js'
import { decodeStruct, encodeStruct, structLayout } from './structs.js'
import {
  AF_UNIX,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SCM_MAX_FD,
  SCM_RIGHTS,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
} from './uapi/socket.js'

/**
 * `socketpair(AF_UNIX, SOCK_CLOEXEC|type, 0, fds)`: two connected sockets, both close-on-exec. socketpair(2).
 *
 * @param type SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET (whole messages), and SOCK_NONBLOCK
 * @throws SyscallError EMFILE
 */
export function socketpair(type: number = SOCK_STREAM): [number, number] {
  const ends = new Int32Array(2)
  syscall('socketpair', AF_UNIX, SOCK_CLOEXEC | integer(type, 'type'), 0, new Uint8Array(ends.buffer))
  return [ends[0] as number, ends[1] as number]
}

const MSGHDR = structLayout('msghdr')
const IOVEC = structLayout('iovec')
const HEADER = structLayout('cmsghdr').size
const align8 = (size: number): number => (size + 7) & ~7

/** A number of bytes or fds, of which memory is made. */
function atLeastZero(value: number, what: string): void {
  if (integer(value, what) < 0) refuseArgument('ERR_OUT_OF_RANGE', what, 'at least 0', value)
}

/** A msghdr followed by all that it points to, in one piece of memory, so that one variable keeps it alive. */
interface Message {
  /** The whole; what sendmsg and recvmsg take. */
  readonly memory: Buffer
  readonly control: Buffer
  readonly data: Buffer
}

function makeMessage(controlSize: number, dataSize: number): Message {
  const [vectorAt, controlAt] = [MSGHDR.size, MSGHDR.size + IOVEC.size]
  const dataAt = controlAt + align8(controlSize)
  const memory = Buffer.alloc(dataAt + dataSize)
  const base = Number(addressOf(memory))
  const header = encodeStruct('msghdr', {
    msg_iov: base + vectorAt,
    msg_iovlen: 1,
    msg_control: controlSize === 0 ? 0 : base + controlAt,
    msg_controllen: controlSize,
  })
  memory.set(header)
  memory.set(encodeStruct('iovec', { iov_base: base + dataAt, iov_len: dataSize }), vectorAt)
  return { memory, control: memory.subarray(controlAt, controlAt + controlSize), data: memory.subarray(dataAt) }
}

/**
 * `sendmsg(socket, &{data, SCM_RIGHTS: fds}, MSG_NOSIGNAL|MSG_DONTWAIT)`: hand fds to another process, with some bytes
 * (a stream carries none without a byte). Never waits, never raises SIGPIPE. sendmsg(2), unix(7).
 *
 * @param data at least one byte
 * @param fds up to SCM_MAX_FD; they stay open here
 * @returns bytes sent, of a stream perhaps not all; the fds go with the first. 0 if the socket is full: nothing was sent
 * @throws SyscallError EPIPE, ECONNRESET if the other end is closed, ETOOMANYREFS, EBADF
 * @throws RtError RT_INVALID_OPTION for no data or too many fds
 */
export function sendFds(socket: number, data: Uint8Array, fds: readonly number[]): number {
  bytes(data, 'data')
  list(fds, 'fds', integer)
  if (data.byteLength === 0) throw new RtError('RT_INVALID_OPTION', 'expected at least one byte to carry the fds')
  if (fds.length > SCM_MAX_FD) {
    throw new RtError('RT_INVALID_OPTION', `expected at most ${SCM_MAX_FD} fds in a message, got ${fds.length}`)
  }
  const length = HEADER + 4 * fds.length
  const message = makeMessage(fds.length === 0 ? 0 : align8(length), data.byteLength)
  message.data.set(data)
  if (fds.length > 0) {
    const header = { cmsg_len: length, cmsg_level: SOL_SOCKET, cmsg_type: SCM_RIGHTS }
    message.control.set(encodeStruct('cmsghdr', header))
    for (const [index, fd] of fds.entries()) message.control.writeInt32LE(fd, HEADER + 4 * index)
  }
  const args = [socket, message.memory, MSG_NOSIGNAL | MSG_DONTWAIT]
  const result = attempt('sendmsg', args)
  if (result === -ERRNO.EAGAIN) return 0
  if (result < 0) throw syscallError('sendmsg', args, -result)
  return result
}

/** What {@link receiveFds} got. No data and no fds: the other end is closed. */
export interface ReceivedFds {
  readonly data: Buffer
  /** Close-on-exec, and the receiver's to close. */
  readonly fds: readonly number[]
}

/**
 * `recvmsg(socket, &message, MSG_CMSG_CLOEXEC|MSG_DONTWAIT)`: take bytes and the fds that came with them. Never waits.
 * recvmsg(2), unix(7).
 *
 * @param size of the buffer for data
 * @param most fds that are accepted
 * @returns undefined if there is nothing yet
 * @throws SyscallError ECONNRESET, ENOTCONN, EBADF
 * @throws RtError RT_LIMIT if more fds came than accepted (or than RLIMIT_NOFILE lets in): those that did come are
 *   closed again
 */
export function receiveFds(socket: number, size = 4096, most = SCM_MAX_FD): ReceivedFds | undefined {
  atLeastZero(size, 'size')
  atLeastZero(most, 'most')
  const message = makeMessage(align8(HEADER + 4 * most), size)
  const args = [socket, message.memory, MSG_CMSG_CLOEXEC | MSG_DONTWAIT]
  const result = attempt('recvmsg', args)
  if (result === -ERRNO.EAGAIN) return undefined
  if (result < 0) throw syscallError('recvmsg', args, -result)
  const { msg_flags, msg_controllen } = decodeStruct('msghdr', message.memory)
  const fds = rights(message.control.subarray(0, Number(msg_controllen)))
  if ((msg_flags as number) & MSG_CTRUNC || fds.length > most) {
    for (const fd of fds) syscall('close', fd)
    throw new RtError('RT_LIMIT', `expected at most ${most} fds in a message, got more`)
  }
  return { data: message.data.subarray(0, result), fds }
}

/** The fds in a chain of control messages; others (credentials) are not asked for, and skipped. */
function rights(control: Buffer): number[] {
  const fds: number[] = []
  for (let at = 0; at + HEADER <= control.byteLength; ) {
    const { cmsg_len, cmsg_level, cmsg_type } = decodeStruct('cmsghdr', control.subarray(at))
    const length = Number(cmsg_len)
    if (length < HEADER) break
    const isRights = cmsg_level === SOL_SOCKET && cmsg_type === SCM_RIGHTS
    if (isRights) for (let fd = at + HEADER; fd + 4 <= at + length; fd += 4) fds.push(control.readInt32LE(fd))
    at += align8(length)
  }
  return fds
}
