import { ERRNO } from './errno.js'
import { RtError } from './errors.js'
import { syscallError } from './native/failure.js'
import { addressOf } from './native/library.js'
import { rawSyscall, syscall } from './native/syscall.js'
import { decodeStruct, structLayout, writeField } from './structs.js'
import { syscallNumber } from './syscalls.js'
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
  syscall('socketpair', AF_UNIX, SOCK_CLOEXEC | type, 0, new Uint8Array(ends.buffer))
  return [ends[0] as number, ends[1] as number]
}

const HEADER = structLayout('cmsghdr').size
const align8 = (size: number): number => (size + 7) & ~7

/** A msghdr in one piece of memory with all that it points to, so that one variable keeps it alive. */
class Message {
  private readonly memory: Buffer
  readonly control: Buffer
  readonly data: Buffer

  constructor(controlSize: number, dataSize: number) {
    const msghdr = structLayout('msghdr')
    const iovec = structLayout('iovec')
    const [vectorAt, controlAt] = [msghdr.size, msghdr.size + iovec.size]
    const dataAt = controlAt + align8(controlSize)
    this.memory = Buffer.alloc(dataAt + dataSize)
    this.control = this.memory.subarray(controlAt, controlAt + controlSize)
    this.data = this.memory.subarray(dataAt)
    const base = addressOf(this.memory)
    this.put('msghdr', 0, {
      msg_iov: base + BigInt(vectorAt),
      msg_iovlen: 1,
      msg_control: controlSize === 0 ? 0 : base + BigInt(controlAt),
      msg_controllen: controlSize,
    })
    this.put('iovec', vectorAt, { iov_base: base + BigInt(dataAt), iov_len: dataSize })
  }

  private put(name: string, at: number, values: Readonly<Record<string, number | bigint>>): void {
    const view = new DataView(this.memory.buffer, this.memory.byteOffset + at)
    for (const [field, value] of Object.entries(values)) {
      const { type, offset } = structLayout(name).fields[field] as { type: 'u64'; offset: number }
      writeField(view, type, offset, value)
    }
  }

  get header(): Uint8Array {
    return this.memory
  }

  /** What recvmsg changed. */
  get received(): { readonly flags: number; readonly controlSize: number } {
    const fields = decodeStruct('msghdr', this.memory)
    return { flags: fields.msg_flags as number, controlSize: Number(fields.msg_controllen) }
  }
}

/**
 * `sendmsg(socket, &{data, SCM_RIGHTS: fds}, MSG_NOSIGNAL|MSG_DONTWAIT)`: hand fds to another process, with some bytes
 * (a stream carries none without a byte). Never waits, never raises SIGPIPE. sendmsg(2), unix(7).
 *
 * @param data at least one byte
 * @param fds up to SCM_MAX_FD; they stay open here
 * @returns false if the socket is full: nothing was sent
 * @throws SyscallError EPIPE, ECONNRESET if the other end is closed, ETOOMANYREFS, EBADF
 * @throws RtError RT_INVALID_OPTION for no data or too many fds
 */
export function sendFds(socket: number, data: Uint8Array, fds: readonly number[]): boolean {
  if (data.byteLength === 0) throw new RtError('RT_INVALID_OPTION', 'expected at least one byte to carry the fds')
  if (fds.length > SCM_MAX_FD) {
    throw new RtError('RT_INVALID_OPTION', `expected at most ${SCM_MAX_FD} fds in a message, got ${fds.length}`)
  }
  const length = HEADER + 4 * fds.length
  const message = new Message(fds.length === 0 ? 0 : align8(length), data.byteLength)
  message.data.set(data)
  if (fds.length > 0) {
    message.control.writeBigUInt64LE(BigInt(length), 0)
    message.control.writeInt32LE(SOL_SOCKET, 8)
    message.control.writeInt32LE(SCM_RIGHTS, 12)
    for (const [index, fd] of fds.entries()) message.control.writeInt32LE(fd, HEADER + 4 * index)
  }
  const args = [socket, message.header, MSG_NOSIGNAL | MSG_DONTWAIT]
  const result = rawSyscall(syscallNumber('sendmsg'), args)
  if (result === -ERRNO.EAGAIN) return false
  if (result < 0) throw syscallError('sendmsg', args, -result)
  return true
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
  const message = new Message(align8(HEADER + 4 * most), size)
  const args = [socket, message.header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT]
  const result = rawSyscall(syscallNumber('recvmsg'), args)
  if (result === -ERRNO.EAGAIN) return undefined
  if (result < 0) throw syscallError('recvmsg', args, -result)
  const { flags, controlSize } = message.received
  const fds = rights(message.control.subarray(0, controlSize))
  if (flags & MSG_CTRUNC || fds.length > most) {
    for (const fd of fds) syscall('close', fd)
    throw new RtError('RT_LIMIT', `expected at most ${most} fds in a message, got more`)
  }
  return { data: message.data.subarray(0, result), fds }
}

/** The fds in a chain of control messages; others (credentials) are not asked for, and skipped. */
function rights(control: Buffer): number[] {
  const fds: number[] = []
  for (let at = 0; at + HEADER <= control.byteLength; ) {
    const length = Number(control.readBigUInt64LE(at))
    if (length < HEADER) break
    const isRights = control.readInt32LE(at + 8) === SOL_SOCKET && control.readInt32LE(at + 12) === SCM_RIGHTS
    if (isRights) for (let fd = at + HEADER; fd + 4 <= at + length; fd += 4) fds.push(control.readInt32LE(fd))
    at += align8(length)
  }
  return fds
}
