import { type Arch, hostArch } from '../syscalls.js'
import { openFlags } from '../uapi/fcntl.js'
import { CSIGNAL } from '../uapi/sched.js'
import { signalName } from '../uapi/signal.js'
import { S_IFMT } from '../uapi/stat.js'
import { FLAGS, formatEnum, formatFlags, unsigned } from './flags.js'

/** Flags of open(2): the access mode comes first, even if it is O_RDONLY (0): `O_RDONLY|O_DIRECTORY|O_CLOEXEC`. */
export function formatOpenFlags(value: number | bigint, arch: Arch = hostArch()): string {
  const bits = unsigned(value)
  const access = ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE'][Number(bits & 3n)] as string
  const rest = bits & ~3n
  return rest === 0n ? access : `${access}|${formatFlags(openFlags(arch), rest)}`
}

/** Flags of clone(2): the low byte is the exit signal: `CLONE_NEWNS|CLONE_NEWPID|SIGCHLD`. */
export function formatCloneFlags(value: number | bigint): string {
  const bits = unsigned(value)
  const signal = bits & BigInt(CSIGNAL)
  const flags = bits & ~BigInt(CSIGNAL)
  const name = signal === 0n ? [] : [signalName(signal) ?? signal.toString()]
  return [...(flags === 0n && signal !== 0n ? [] : [formatFlags(FLAGS.clone, flags)]), ...name].join('|')
}

/** A file mode in octal with the type by name: `S_IFCHR|0666`, `0755`. */
export function formatMode(value: number | bigint): string {
  const mode = Number(value)
  const type = mode & S_IFMT
  const octal = `0${(mode & ~S_IFMT).toString(8)}`
  return type === 0 ? octal : `${formatEnum(FLAGS.fileType, type)}|${octal}`
}

/** The type argument of socket(2): `SOCK_STREAM|SOCK_CLOEXEC`. */
export function formatSocketType(value: number | bigint): string {
  const bits = unsigned(value)
  const rest = bits & ~0xfn
  const type = formatEnum(FLAGS.socketType, bits & 0xfn)
  return rest === 0n ? type : `${type}|${formatFlags(FLAGS.socket, rest)}`
}
