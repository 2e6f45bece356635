import { FLAGS, formatCloneFlags, formatEnum, formatFlags, formatMode, formatOpenFlags, formatSocketType } from './flags.js'
import { type ArgumentKind, SIGNATURES } from './signatures.js'
import { decodeStruct, hasStruct } from './structs.js'
import { type Arch, hostArch, type SyscallName } from './syscalls.js'
import { capabilityName } from './uapi/capability.js'
import { AT_FDCWD } from './uapi/fcntl.js'
import { RLIMITS } from './uapi/resource.js'
import { signalName } from './uapi/signal.js'

/** An argument as the caller gave it: an integer, an address, text (a NUL is added), bytes, or NULL. */
export type CallArgument = number | bigint | string | Uint8Array | null

/** How a call is printed. */
export interface FormatCallOptions {
  /** Whose open flags; default: this process's. */
  readonly arch?: Arch | undefined
  /** What an fd stands for, printed as `7</srv/data>`. */
  readonly pathOfFd?: ((fd: number) => string | undefined) | undefined
}

const LONGEST = 80

/** Text in double quotes, C escapes for what is not printable; cut after 80 bytes with `...`, as strace does. */
export function quote(text: string | Uint8Array, longest = LONGEST): string {
  const bytes = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text.buffer, text.byteOffset, text.byteLength)
  const cut = bytes.length > longest
  const shown = cut ? bytes.subarray(0, longest) : bytes
  const known: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\' }
  // Valid UTF-8 is shown as it is: paths are for people; everything else byte by byte.
  const decoded = shown.toString('utf8')
  const source =
    !decoded.includes('\ufffd') || cut
      ? decoded.replace(/\ufffd+$/, '')
      : Array.from(shown, (byte) => (byte < 128 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`)).join('')
  const escaped = source.includes('\\x') && decoded.includes('\ufffd')
  let out = ''
  for (const character of source) {
    const code = character.codePointAt(0) as number
    if (code === 92 && escaped) out += character
    else if (known[code] !== undefined) out += known[code]
    else out += code < 32 || code === 127 ? `\\${code.toString(8)}` : character
  }
  return `"${out}"${cut ? '...' : ''}`
}

const asNumber = (value: CallArgument): number | bigint =>
  typeof value === 'number' || typeof value === 'bigint' ? value : 0

function formatFd(value: number | bigint, options: FormatCallOptions): string {
  const fd = Number(BigInt.asIntN(32, BigInt(value)))
  if (fd === AT_FDCWD) return 'AT_FDCWD'
  const path = fd < 0 ? undefined : options.pathOfFd?.(fd)
  return path === undefined ? String(fd) : `${fd}<${path}>`
}

/** Fields whose meaning is known are printed by name; zero fields are left out, but for open_how's flags. */
function formatStruct(name: string, bytes: Uint8Array, options: FormatCallOptions): string {
  const parts: string[] = []
  for (const [field, value] of Object.entries(decodeStruct(name, bytes))) {
    if (value instanceof Uint8Array) continue
    if (field === 'flags' && name === 'open_how') parts.push(`flags=${formatOpenFlags(value, options.arch ?? hostArch())}`)
    else if (BigInt(value) === 0n) continue
    else if (field === 'mode' && name === 'open_how') parts.push(`mode=${formatMode(value)}`)
    else if (field === 'resolve') parts.push(`resolve=${formatFlags(FLAGS.resolve, value)}`)
    else if (field === 'flags' && name === 'clone_args') parts.push(`flags=${formatFlags(FLAGS.clone, value)}`)
    else if (field === 'exit_signal') parts.push(`exit_signal=${signalName(value) ?? value}`)
    else if (field === 'attr_set' || field === 'attr_clr') parts.push(`${field}=${formatFlags(FLAGS.mountAttr, value)}`)
    else if (field === 'propagation') parts.push(`propagation=${formatFlags(FLAGS.propagation, value)}`)
    else if (value === 0xffffffffffffffffn) parts.push(`${field}=RLIM64_INFINITY`)
    else parts.push(`${field}=${value}`)
  }
  return `{${parts.join(', ')}}`
}

/** One argument as strace prints it. `kind` undefined: nothing is known about it. */
export function formatArgument(
  kind: ArgumentKind | undefined,
  value: CallArgument,
  options: FormatCallOptions = {},
): string {
  if (value === null) return 'NULL'
  if (kind?.startsWith('struct:') && value instanceof Uint8Array && hasStruct(kind.slice(7))) {
    return formatStruct(kind.slice(7), value, options)
  }
  if (typeof value === 'string') return quote(value)
  if (value instanceof Uint8Array) {
    if (kind !== 'path' && kind !== 'string') return `0x… /* ${value.byteLength} bytes */`
    const end = value.indexOf(0)
    return quote(end < 0 ? value : value.subarray(0, end))
  }
  if (kind?.startsWith('flags:')) return formatFlags(FLAGS[kind.slice(6) as keyof typeof FLAGS], value)
  if (kind?.startsWith('enum:')) return formatEnum(FLAGS[kind.slice(5) as keyof typeof FLAGS], value)
  switch (kind) {
    case 'fd':
    case 'dirfd':
      return formatFd(value, options)
    case 'path':
    case 'string':
    case 'pointer':
      return BigInt(value) === 0n ? 'NULL' : `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`
    case 'hex':
      return BigInt(value) === 0n ? '0' : `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`
    case 'mode':
      return formatMode(value)
    case 'device':
      return formatDevice(value)
    case 'signal':
      return BigInt(value) === 0n ? '0' : (signalName(value) ?? String(value))
    case 'open':
      return formatOpenFlags(value, options.arch ?? hostArch())
    case 'clone':
      return formatCloneFlags(value)
    case 'socketType':
      return formatSocketType(value)
    case 'rlimit':
      return formatEnum(RLIMITS, value)
    case 'capability':
      return capabilityName(value) ?? String(value)
    default:
      return String(value)
  }
}

/** `makedev(0x1, 0x3)`; the split is the kernel's new_encode_dev. */
function formatDevice(value: number | bigint): string {
  const device = BigInt.asUintN(64, BigInt(value))
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffffffffn)
  return device === 0n ? '0' : `makedev(0x${major.toString(16)}, 0x${minor.toString(16)})`
}

/** The second argument of these prctl operations has a meaning of its own. */
function prctlArgument(operation: number, index: number, value: CallArgument): string | undefined {
  const name = formatEnum(FLAGS.prctl, operation)
  if (index !== 1) return undefined
  if (name === 'PR_CAPBSET_DROP' || name === 'PR_CAPBSET_READ') return formatArgument('capability', value)
  if (name === 'PR_SET_PDEATHSIG') return formatArgument('signal', value)
  if (name === 'PR_SET_SECUREBITS') return formatFlags(FLAGS.securebits, asNumber(value))
  if (name === 'PR_CAP_AMBIENT') return formatEnum(FLAGS.capAmbient, asNumber(value))
  return undefined
}

/**
 * A call as strace prints it, without its result: `mount("none", "/tmp", "tmpfs", 0, NULL)`.
 *
 * @param args in the kernel's order; trailing arguments may be left out
 */
export function formatCall(name: SyscallName, args: readonly CallArgument[], options: FormatCallOptions = {}): string {
  const kinds = SIGNATURES[name]
  const shown = args.map((value, index) => {
    const special = name === 'prctl' ? prctlArgument(Number(asNumber(args[0] ?? 0)), index, value) : undefined
    if (special !== undefined) return special
    if (name === 'fcntl' && index === 2) return fcntlArgument(Number(asNumber(args[1] ?? 0)), value, options)
    return formatArgument(kinds?.[index], value, options)
  })
  // A mode is printed only where the call makes a file.
  if ((name === 'openat' || name === 'open') && !/O_CREAT|O_TMPFILE/.test(shown.join())) shown.length = Math.min(shown.length, name === 'open' ? 2 : 3)
  return `${name}(${shown.join(', ')})`
}

function fcntlArgument(command: number, value: CallArgument, options: FormatCallOptions): string {
  const name = formatEnum(FLAGS.fcntl, command)
  if (name === 'F_ADD_SEALS') return formatFlags(FLAGS.seals, asNumber(value))
  if (name === 'F_SETFD') return formatFlags(FLAGS.fd, asNumber(value))
  if (name === 'F_SETFL') return formatOpenFlags(asNumber(value), options.arch ?? hostArch())
  return formatArgument('int', value)
}
