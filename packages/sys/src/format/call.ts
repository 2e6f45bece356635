import { hasStruct } from '../structs.js'
import type { SyscallName } from '../syscalls.js'
import { O_CREAT, O_TMPFILE } from '../uapi/fcntl.js'
import { KEYCTL_JOIN_SESSION_KEYRING } from '../uapi/keyctl.js'
import { PR_CAP_AMBIENT_CLEAR_ALL } from '../uapi/prctl.js'
import { S_IFBLK, S_IFCHR, S_IFMT } from '../uapi/stat.js'
import { FLAGS, formatEnum } from './flags.js'
import { quote, untilNul } from './quote.js'
import { type ArgumentKind, SIGNATURES } from './signatures.js'
import { formatStruct, formatStructBytes, type StructFields, type Verbatim } from './struct.js'
import { type FormatCallOptions, formatValue } from './value.js'

/**
 * An argument as the caller gave it: an integer or address, text (a pointer to it), bytes, NULL; a list of strings
 * (argv); a struct by its fields; or {@link Verbatim}.
 */
export type CallArgument =
  | number
  | bigint
  | string
  | Uint8Array
  | null
  | Verbatim
  | { readonly strings: readonly (string | Uint8Array)[] }
  | { readonly struct: string; readonly fields: StructFields }

const LONGEST = 80
/** Entries of argv shown. */
const MOST_STRINGS = 32
const TIMESPEC_SIZE = 16

/** Memory whose content says nothing to a reader. */
const opaque = (bytes: Uint8Array): string => `/* ${bytes.byteLength} bytes */`

function formatBytes(kind: ArgumentKind | undefined, bytes: Uint8Array, options: FormatCallOptions): string {
  const longest = options.longest ?? LONGEST
  if (kind === 'path') return quote(untilNul(bytes))
  if (kind === 'string') return quote(untilNul(bytes), longest)
  if (kind === 'data') return quote(bytes, longest)
  if (kind === 'times' && bytes.byteLength === 2 * TIMESPEC_SIZE) {
    const times = [bytes.subarray(0, TIMESPEC_SIZE), bytes.subarray(TIMESPEC_SIZE)]
    return `[${times.map((time) => formatStructBytes('timespec', time)).join(', ')}]`
  }
  if (kind === 'intPointer' && bytes.byteLength === 4) return `[${Buffer.from(bytes).readInt32LE(0)}]`
  const name = kind?.startsWith('struct:') ? kind.slice('struct:'.length) : ''
  return hasStruct(name) ? formatStructBytes(name, bytes, options) : opaque(bytes)
}

function formatStrings(strings: readonly (string | Uint8Array)[], options: FormatCallOptions): string {
  const shown = strings.slice(0, MOST_STRINGS).map((text) => quote(text, options.longest ?? LONGEST))
  return `[${shown.join(', ')}${strings.length > MOST_STRINGS ? ', ...' : ''}]`
}

/** One argument as strace prints it. `kind` undefined: nothing is known about it. */
export function formatArgument(
  kind: ArgumentKind | undefined,
  value: CallArgument,
  options: FormatCallOptions = {},
): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number' || typeof value === 'bigint') return formatValue(kind, value, options)
  if (typeof value === 'string') return quote(value, kind === 'path' ? undefined : (options.longest ?? LONGEST))
  if (value instanceof Uint8Array) return formatBytes(kind, value, options)
  if ('verbatim' in value) return value.verbatim
  if ('struct' in value) return formatStruct(value.struct, value.fields, options)
  // The environment may hold secrets: strace too counts it only.
  return kind === 'environment' ? `[/* ${value.strings.length} vars */]` : formatStrings(value.strings, options)
}

/** The integer that an argument is, or undefined if it is none. */
const integer = (value: CallArgument | undefined): number | undefined =>
  typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined

type Kinds = readonly (ArgumentKind | undefined)[]

function fsconfigKinds(command: string): Kinds {
  const kinds: Record<string, Kinds> = {
    FSCONFIG_SET_BINARY: ['string', 'data', 'int'],
    FSCONFIG_SET_PATH: ['string', 'path', 'fd'],
    FSCONFIG_SET_PATH_EMPTY: ['string', 'path', 'fd'],
    FSCONFIG_SET_FD: ['string', 'pointer', 'fd'],
  }
  return ['fd', 'enum:fsconfig', ...(kinds[command] ?? ['string', 'string', 'int'])]
}

function prctlKinds(operation: string, second: CallArgument | undefined): Kinds {
  const noCapability = integer(second) === PR_CAP_AMBIENT_CLEAR_ALL
  const kinds: Record<string, Kinds> = {
    PR_CAPBSET_DROP: ['capability'],
    PR_CAPBSET_READ: ['capability'],
    PR_SET_PDEATHSIG: ['signal'],
    PR_SET_SECUREBITS: ['flags:securebits'],
    PR_SET_DUMPABLE: ['enum:dumpable'],
    PR_SET_NAME: ['string'],
    PR_SET_KEEPCAPS: ['int'],
    PR_SET_CHILD_SUBREAPER: ['int'],
    PR_CAP_AMBIENT: ['enum:capAmbient', noCapability ? 'int' : 'capability', 'int', 'int'],
  }
  // The kernel wants to see zeros in the rest, for other operations than these.
  return ['enum:prctl', ...(kinds[operation] ?? ['int', 'int', 'int', 'int'])]
}

function fcntlKind(command: string): ArgumentKind {
  const kinds: Record<string, ArgumentKind> = { F_ADD_SEALS: 'flags:seals', F_SETFD: 'flags:fd', F_SETFL: 'open' }
  return kinds[command] ?? 'int'
}

function ioctlKind(request: string): ArgumentKind {
  const kinds: Record<string, ArgumentKind> = {
    TIOCGWINSZ: 'struct:winsize',
    TIOCSWINSZ: 'struct:winsize',
    TCGETS: 'struct:termios',
    TCSETS: 'struct:termios',
    TCSETSW: 'struct:termios',
    TCSETSF: 'struct:termios',
    TIOCSPTLCK: 'intPointer',
    TIOCGPTN: 'intPointer',
    TIOCGPTPEER: 'open',
    FICLONE: 'fd',
  }
  return kinds[request] ?? 'int'
}

/** A mode means something only where a file is made. */
const openKinds = (flags: number): Kinds =>
  flags & O_CREAT || (flags & O_TMPFILE) === O_TMPFILE ? ['path', 'open', 'mode'] : ['path', 'open']

/** A device number means something only for a device; a mode that is not known yet may be one. */
function mknodKinds(mode: number | undefined): Kinds {
  const type = (mode ?? S_IFCHR) & S_IFMT
  return type === S_IFCHR || type === S_IFBLK ? ['fd', 'path', 'mode', 'device'] : ['fd', 'path', 'mode']
}

/**
 * What the arguments are and how many are printed: for some calls that depends on the operation or on flags, which are
 * themselves arguments. Undefined if nothing is known of the call.
 */
export function argumentKinds(name: SyscallName, args: readonly CallArgument[]): Kinds | undefined {
  const number = (index: number) => integer(args[index]) ?? -1
  switch (name) {
    case 'fsconfig':
      return fsconfigKinds(formatEnum(FLAGS.fsconfig, number(1)))
    case 'prctl':
      return prctlKinds(formatEnum(FLAGS.prctl, number(0)), args[1])
    case 'fcntl':
      return ['fd', 'enum:fcntl', fcntlKind(formatEnum(FLAGS.fcntl, number(1)))]
    case 'ioctl':
      return ['fd', 'enum:ioctl', ioctlKind(formatEnum(FLAGS.ioctl, number(1)))]
    case 'openat':
      return ['fd', ...openKinds(integer(args[2]) ?? 0)]
    case 'open':
      return openKinds(integer(args[1]) ?? 0)
    case 'mknodat':
      return mknodKinds(integer(args[2]))
    case 'keyctl':
      return number(0) === KEYCTL_JOIN_SESSION_KEYRING
        ? ['enum:keyctl', 'string']
        : ['enum:keyctl', 'int', 'int', 'int', 'int']
    default:
      return SIGNATURES[name]
  }
}

/**
 * A call as strace prints it, without its result: `mount("none", "/tmp", "tmpfs", 0, NULL)`.
 *
 * @param args in the kernel's order; trailing arguments may be left out
 */
export function formatCall(name: SyscallName, args: readonly CallArgument[], options: FormatCallOptions = {}): string {
  const kinds = argumentKinds(name, args)
  const shown = args
    .slice(0, kinds?.length ?? args.length)
    .map((value, index) => formatArgument(kinds?.[index], value, options))
  return `${name}(${shown.join(', ')})`
}
