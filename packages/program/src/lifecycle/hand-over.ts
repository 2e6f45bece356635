import {
  AF_UNIX,
  MSG_CMSG_CLOEXEC,
  MSG_NOSIGNAL,
  quote,
  SCM_RIGHTS,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
  textBytes,
} from '@rt/sys'
import {
  branch,
  buffer,
  type Call,
  call,
  compute,
  type Instruction,
  type Ref,
  ref,
  struct,
  type Value,
} from '../language/instruction.js'

/** struct cmsghdr and one int of data: 20 bytes, in 24. unix(7), cmsg(3) */
const CMSG_LENGTH = 20
const CMSG_SPACE = 24
const CMSG_DATA = 16
const WORD = 8

export interface Sending {
  readonly why: string
  /** A word that goes with it: a stream carries no message of no bytes. */
  readonly beside?: Value
  readonly onError?: Call['onError']
}

/**
 * Send a descriptor through a unix(7) socket.
 *
 * @param name of the words that this needs
 */
export const sendDescriptor = (
  name: string,
  socket: Value,
  descriptor: Ref,
  { why, beside = 0, onError }: Sending,
): Instruction[] => [
  compute(
    `${name}.control`,
    struct('cmsghdr', { cmsg_len: CMSG_LENGTH, cmsg_level: SOL_SOCKET, cmsg_type: SCM_RIGHTS }, `${name}.rights`),
  ),
  compute(`${name}.rights+${CMSG_DATA}`, descriptor),
  compute(`${name}.data`, buffer(`${name}.iovec`, 16)),
  compute(`${name}.word+0`, beside),
  compute(`${name}.iovec+0`, buffer(`${name}.word`, WORD)),
  compute(`${name}.iovec+8`, WORD),
  call('sendmsg', [socket, header(name), MSG_NOSIGNAL], { why, ...(onError ? { onError } : {}) }),
]

/**
 * Send a descriptor to whoever listens at a socket of the file system; unix(7).
 *
 * @param path absolute, 107 bytes at most
 */
export function sendTo(path: string, descriptor: Ref): Instruction[] {
  const address = Buffer.concat([AF_UNIX_16, textBytes(path), NUL])
  const name = '$console socket'
  return [
    call('socket', [AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0], { save: name }),
    call('connect', [ref(name), address, address.length], {
      of: path,
      hints: { ENOENT: `${quote(path)} is not there`, ECONNREFUSED: `nobody listens at ${quote(path)}` },
    }),
    ...sendDescriptor('$to the console', ref(name), descriptor, { why: 'the terminal’s master', beside: PTMX }),
    call('close', [ref(name)]),
  ]
}

/** sa_family_t. */
const AF_UNIX_16 = Uint8Array.of(AF_UNIX, 0)
const NUL = Uint8Array.of(0)
/** What goes with it is its name, by custom: engines show it and no more. */
const PTMX = Buffer.from('ptmx\0\0\0\0').readBigUInt64LE()

/**
 * Take a descriptor that {@link sendDescriptor} has sent.
 *
 * @param save word that takes it
 * @param missing label to go to where none came: the other side is dead
 * @param beside word that takes what came with it
 */
export const receiveDescriptor = (save: string, socket: Value, missing: string, beside?: string): Instruction[] => [
  compute(`${save}.control`, buffer(`${save}.rights`, CMSG_SPACE)),
  compute(`${save}.data`, buffer(`${save}.iovec`, 16)),
  compute(`${save}.iovec+0`, buffer(`${save}.word`, WORD)),
  compute(`${save}.iovec+8`, WORD),
  call('recvmsg', [socket, header(save), MSG_CMSG_CLOEXEC], {
    save: `${save}.received`,
    onError: { ECONNRESET: missing },
  }),
  branch(ref(`${save}.received`), WORD, { else: missing }),
  // Behind the int there are four bytes of padding, which the kernel leaves as they were: zero.
  compute(save, ref(`${save}.rights`, CMSG_DATA)),
  ...(beside === undefined ? [] : [compute(beside, ref(`${save}.word`))]),
]

const header = (name: string): Value =>
  struct(
    'msghdr',
    { msg_iov: ref(`${name}.data`), msg_iovlen: 1, msg_control: ref(`${name}.control`), msg_controllen: CMSG_SPACE },
    `${name}.header`,
  )
