import { hasStruct } from '../structs.js'
import type { SyscallName } from '../syscalls.js'
import { O_CREAT, O_TMPFILE } from '../uapi/fcntl.js'
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
  const kinds: Record<string, Kinds> = {
    PR_CAPBSET_DROP: ['capability'],
    PR_CAPBSET_READ: ['capability'],
    PR_SET_PDEATHSIG: ['signal'],
    PR_SET_SECUREBITS: ['flags:securebits'],
    PR_SET_DUMPABLE: ['enum:dumpable'],
    PR_SET_NAME: ['string'],
    PR_CAP_AMBIENT: ['enum:capAmbient', integer(second) === PR_CAP_AMBIENT_CLEAR_ALL ? 'int' : 'capability'],
  }
  return ['enum:prctl', ...(kinds[operation] ?? ['int']), 'int', 'int', 'int']
}

function fcntlKind(command: string): ArgumentKind {
  const kinds: Record<string, ArgumentKind> = { F_ADD_SEALS: 'flags:seals', F_SETFD: 'flags:fd', F_SETFL: 'open' }
  return kinds[command] ?? 'int'
}

function ioctlKind(request: string): ArgumentKind {
  if (request === 'TIOCGWINSZ' || request === 'TIOCSWINSZ') return 'struct:winsize'
  if (/^TC[GS]ETS/.test(request)) return 'struct:termios'
  if (request === 'FICLONE') return 'fd'
  return request === 'TIOCGPTPEER' ? 'open' : 'int'
}

/** What the arguments are: for some calls that depends on the operation, which is itself an argument. */
function kindsOf(name: SyscallName, args: readonly CallArgument[]): Kinds {
  const operation = integer(args[name === 'prctl' ? 0 : 1]) ?? -1
  switch (name) {
    case 'fsconfig':
      return fsconfigKinds(formatEnum(FLAGS.fsconfig, operation))
    case 'prctl':
      return prctlKinds(formatEnum(FLAGS.prctl, operation), args[1])
    case 'fcntl':
      return ['fd', 'enum:fcntl', fcntlKind(formatEnum(FLAGS.fcntl, operation))]
    case 'ioctl':
      return ['fd', 'enum:ioctl', ioctlKind(formatEnum(FLAGS.ioctl, operation))]
    default:
      return SIGNATURES[name] ?? []
  }
}

/** How many arguments mean something: a mode only where a file is made, a device number only for a device. */
function meaningful(name: SyscallName, args: readonly CallArgument[]): number {
  if (name === 'openat' || name === 'open') {
    const at = name === 'open' ? 1 : 2
    const flags = integer(args[at]) ?? 0
    return flags & O_CREAT || (flags & O_TMPFILE) === O_TMPFILE ? at + 2 : at + 1
  }
  if (name === 'mknodat') {
    const mode = integer(args[2])
    const type = (mode ?? 0) & S_IFMT
    return mode === undefined || type === S_IFCHR || type === S_IFBLK ? 4 : 3
  }
  return args.length
}

/**
 * A call as strace prints it, without its result: `mount("none", "/tmp", "tmpfs", 0, NULL)`.
 *
 * @param args in the kernel's order; trailing arguments may be left out
 */
export function formatCall(name: SyscallName, args: readonly CallArgument[], options: FormatCallOptions = {}): string {
  const kinds = kindsOf(name, args)
  const shown = args
    .slice(0, meaningful(name, args))
    .map((value, index) => formatArgument(kinds[index], value, options))
  return `${name}(${shown.join(', ')})`
}
