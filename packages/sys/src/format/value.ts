import { type Arch, hostArch } from '../syscalls.js'
import { CAP_LAST_CAP, capabilityName, LINUX_CAPABILITY_VERSION_3 } from '../uapi/capability.js'
import { AT_FDCWD, UTIME_NOW, UTIME_OMIT } from '../uapi/fcntl.js'
import { RLIM_INFINITY, RLIMITS } from '../uapi/resource.js'
import { signalName } from '../uapi/signal.js'
import { FLAGS, formatEnum, formatFlags, unsigned } from './flags.js'
import { formatCloneFlags, formatMode, formatOpenFlags, formatSocketType } from './open-flags.js'
import { escaped } from './quote.js'
import type { ArgumentKind } from './signatures.js'

/** How a call is printed. */
export interface FormatCallOptions {
  /** Whose open flags; default: this process's. */
  readonly arch?: Arch | undefined
  /** What an fd stands for, printed as `7</srv/data>`. */
  readonly pathOfFd?: ((fd: number) => string | undefined) | undefined
  /** Bytes shown of data that are not paths; default 80. */
  readonly longest?: number | undefined
}

/** A number in hex; 0 is `0`. */
const hex = (value: number | bigint): string => (unsigned(value) === 0n ? '0' : `0x${unsigned(value).toString(16)}`)

const int32 = (value: number | bigint): number => Number(BigInt.asIntN(32, BigInt(value)))
const uint32 = (value: number | bigint): number => Number(BigInt.asUintN(32, BigInt(value)))

/** `7</srv/data>`, `AT_FDCWD`. */
function formatFd(value: number | bigint, pathOfFd: FormatCallOptions['pathOfFd']): string {
  const fd = int32(value)
  if (fd === AT_FDCWD) return 'AT_FDCWD'
  const path = fd < 0 ? undefined : pathOfFd?.(fd)
  return path === undefined ? String(fd) : `${fd}<${escaped(path)}>`
}

/** `makedev(0x1, 0x3)`; the split is the kernel's new_encode_dev. */
function formatDevice(value: number | bigint): string {
  const device = unsigned(value)
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n)
  return `makedev(${hex(major)}, ${hex(minor)})`
}

/** A set of capabilities: `1<<CAP_CHOWN|1<<CAP_KILL`; all that are known are `ALL`. */
export function formatCapabilities(set: bigint): string {
  if (set === 0n) return '0'
  const names: string[] = []
  for (let bit = 0; bit < 64; bit++) if ((set >> BigInt(bit)) & 1n) names.push(`1<<${capabilityName(bit) ?? bit}`)
  return names.length === CAP_LAST_CAP + 1 && set >> BigInt(CAP_LAST_CAP) === 1n ? 'ALL' : names.join('|')
}

function formatNanoseconds(value: number | bigint): string {
  if (Number(value) === UTIME_NOW) return 'UTIME_NOW'
  return Number(value) === UTIME_OMIT ? 'UTIME_OMIT' : String(value)
}

/** An integer argument or field as strace prints it. `kind` undefined: nothing is known about it. */
export function formatValue(
  kind: ArgumentKind | undefined,
  value: number | bigint,
  options: FormatCallOptions = {},
): string {
  if (kind?.startsWith('flags:')) return formatFlags(FLAGS[kind.slice(6) as keyof typeof FLAGS], value)
  if (kind?.startsWith('enum:')) return formatEnum(FLAGS[kind.slice(5) as keyof typeof FLAGS], value)
  if (kind?.startsWith('struct:')) return formatValue('pointer', value)
  switch (kind) {
    case 'fd':
      return formatFd(value, options.pathOfFd)
    case 'path':
    case 'string':
    case 'data':
    case 'pointer':
    case 'strings':
    case 'environment':
    case 'intPointer':
    case 'times':
      return unsigned(value) === 0n ? 'NULL' : hex(value)
    case 'hex':
      return hex(value)
    case 'uint':
      return String(uint32(value))
    case 'id':
      // -1 leaves an id as it is.
      return String(uint32(value) === 0xffffffff ? -1 : value)
    case 'mode':
      return formatMode(value)
    case 'device':
      return formatDevice(value)
    case 'signal':
      return signalName(value) ?? String(value)
    case 'open':
      return formatOpenFlags(value, options.arch ?? hostArch())
    case 'clone':
      return formatCloneFlags(value)
    case 'socketType':
      return formatSocketType(value)
    case 'rlimit':
      return formatEnum(RLIMITS, value)
    case 'limit':
      return unsigned(value) === RLIM_INFINITY ? 'RLIM64_INFINITY' : String(unsigned(value))
    case 'capability':
      return capabilityName(value) ?? String(value)
    case 'nanoseconds':
      return formatNanoseconds(value)
    case 'capabilityVersion':
      return Number(value) === LINUX_CAPABILITY_VERSION_3 ? '_LINUX_CAPABILITY_VERSION_3' : hex(value)
    default:
      return String(value)
  }
}
