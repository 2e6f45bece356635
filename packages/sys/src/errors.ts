import { type ErrnoName, errnoName, errnoText, formatErrno } from './errno.js'
import { escaped, printable } from './format/quote.js'
import { hintFor } from './hints.js'
import { outerFilterHint } from './outer-filter.js'

/** What went wrong, for code that must decide. People read the message, the call and the hint. */
export type RtErrorCode =
  /** An option or argument given by the caller is malformed, contradictory or out of range. */
  | 'RT_INVALID_OPTION'
  /** A field of a configuration file (an image's config, config.json) is wrong. */
  | 'RT_INVALID_CONFIG'
  /** A file, directory, user, group, cgroup or process that was named does not exist. */
  | 'RT_NOT_FOUND'
  /** What should be made is there already. */
  | 'RT_EXISTS'
  /** It is there, but another kind of thing: a file where a directory is needed. */
  | 'RT_WRONG_TYPE'
  /** It is in use and cannot be changed or removed now. */
  | 'RT_BUSY'
  /** Not Linux. */
  | 'RT_UNSUPPORTED_PLATFORM'
  /** Linux, but a processor other than x64 and arm64. */
  | 'RT_UNSUPPORTED_ARCH'
  /** The kernel predates the call or the flag. */
  | 'RT_KERNEL_TOO_OLD'
  /** The kernel could, but this host is not set up for it: a controller is not mounted, a module is missing. */
  | 'RT_UNSUPPORTED'
  /** The caller lacks a capability, or a security policy forbids it. */
  | 'RT_PERMISSION'
  /** A system call failed for a reason that has no code of its own; `code` then is the errno's name. */
  | 'RT_SYSCALL'
  /** The container's command does not exist (a shell's exit code 127). */
  | 'RT_COMMAND_NOT_FOUND'
  /** The container's command exists and cannot be executed (a shell's exit code 126). */
  | 'RT_COMMAND_NOT_EXECUTABLE'
  /** An archive or image is damaged, or of a kind that is not read. */
  | 'RT_ARCHIVE'
  /** Carrying on would leave the target directory or trust what must not be trusted: an attack or a race. */
  | 'RT_UNSAFE'
  /** A configured cap was reached: entries, bytes, depth, ratio. */
  | 'RT_LIMIT'
  /** A plan or program cannot be compiled: an undefined name, a value that does not fit. */
  | 'RT_PROGRAM'
  /** The plan needs Node beside it, so it cannot be compiled to an executable of its own. */
  | 'RT_NEEDS_NODE'
  /** A program of the host's that was run for the set-up, a hook or a helper, has failed. */
  | 'RT_HOOK'
  /** It took longer than allowed. */
  | 'RT_TIMEOUT'
  /** A host on the network cannot be reached, doesn't prove who it is, or broke off. */
  | 'RT_NETWORK'
  /** A registry or its token server refused a request, or answered what it must not. */
  | 'RT_REGISTRY'
  /** The set-up process died or answered nonsense: a bug in rt or a kill from outside. */
  | 'RT_BROKEN_PROCESS'

/** One of several complaints about bad input: where it is, and what is wrong there. */
export interface Complaint {
  /** The option or field: `--memory`, `mounts[3].destination`. */
  readonly path: string
  readonly message: string
}

/** What an error can tell besides its message. */
export interface ErrorDetails {
  /** The step of the plan that failed: `mounts[3] "/data"`. */
  readonly step?: string | undefined
  /** The option, config field or default that asked for it: `--tmpfs /run`. */
  readonly origin?: string | undefined
  /** The usual cause and the remedy. */
  readonly hint?: string | undefined
  /** Everything wrong with bad input, at once. */
  readonly complaints?: readonly Complaint[] | undefined
  readonly cause?: unknown
}

const RT_ERROR = Symbol.for('@rt/sys/RtError')
const SYSCALL_ERROR = Symbol.for('@rt/sys/SyscallError')

const isMarked = (value: unknown, mark: symbol): boolean =>
  typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[mark] === true

/** The first complaint, and how many there are besides: who logs `message` alone shall see what is wrong. */
function withFirst(summary: string, complaints: readonly Complaint[] = []): string {
  const [first, ...more] = complaints
  if (!first) return summary
  return `${first.path === '' ? '' : `${first.path}: `}${first.message}${more.length === 0 ? '' : ` (and ${more.length} more)`}`
}

/**
 * Every error that rt throws on purpose. `message` is one sentence without step, call, hint and final period, for bad
 * input the first complaint;
 * {@link formatError} prints the whole. Test with {@link RtError.isInstance}: `instanceof` fails when two copies of
 * this package are loaded.
 */
export class RtError extends Error {
  override readonly name: string = 'RtError'
  /** A code of {@link RtErrorCode}, or, for a {@link SyscallError}, the errno's name as in Node's own errors. */
  readonly code: RtErrorCode | ErrnoName
  /** {@link RtErrorCode} always: a SyscallError with code ENOSYS is of kind RT_KERNEL_TOO_OLD. */
  readonly kind: RtErrorCode
  declare readonly step?: string
  declare readonly origin?: string
  declare readonly hint?: string
  declare readonly complaints?: readonly Complaint[]
  /** What the complaints have in common: `cannot set these resource limits`. Without complaints it is the message. */
  declare readonly summary: string

  constructor(code: RtErrorCode, message: string, details: ErrorDetails = {}, errno?: ErrnoName) {
    super(withFirst(message, details.complaints), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = errno ?? code
    this.kind = code
    if (details.step !== undefined) this.step = details.step
    if (details.origin !== undefined) this.origin = details.origin
    if (details.hint !== undefined) this.hint = details.hint
    if (details.complaints !== undefined) this.complaints = details.complaints
    Object.defineProperty(this, 'summary', { value: message })
    Object.defineProperty(this, RT_ERROR, { value: true })
  }

  static isInstance(value: unknown): value is RtError {
    return isMarked(value, RT_ERROR)
  }
}

/** The facts of a failed system call. */
export interface SyscallFailure extends ErrorDetails {
  /** The system call's name: `move_mount`. */
  readonly syscall: string
  /** The errno, of either sign. */
  readonly errno: number
  /** The sentence; default: Node's `ENOENT: no such file or directory, open '/x'`. */
  readonly message?: string | undefined
  readonly path?: string | undefined
  readonly dest?: string | undefined
  /** The call with its arguments, as strace prints it, without ` = -1 …`: `chdir("/x")`. */
  readonly call?: string | undefined
}

const kindOf: Partial<Record<ErrnoName, RtErrorCode>> = {
  ENOSYS: 'RT_KERNEL_TOO_OLD',
  EPERM: 'RT_PERMISSION',
  EACCES: 'RT_PERMISSION',
  ENOENT: 'RT_NOT_FOUND',
  EEXIST: 'RT_EXISTS',
  EBUSY: 'RT_BUSY',
  ENOTDIR: 'RT_WRONG_TYPE',
  EISDIR: 'RT_WRONG_TYPE',
}

/**
 * A system call that failed. The fields are those of Node's own errors (errno is negative, code is its name), plus
 * `call`: the call as strace prints it, with the paths that fds stood for when it failed.
 */
export class SyscallError extends RtError {
  override readonly name: string = 'SyscallError'
  /** Negative, as in Node. */
  readonly errno: number
  readonly syscall: string
  declare readonly path?: string
  declare readonly dest?: string
  /** `chdir("/x") = -1 ENOENT (No such file or directory)` */
  readonly call: string

  constructor(failure: SyscallFailure) {
    const { syscall, path, dest } = failure
    const errno = Math.abs(failure.errno)
    const code = errnoName(errno)
    const call = `${failure.call ?? `${syscall}(…)`} = -1 ${formatErrno(errno)}`
    super(
      (code && kindOf[code]) ?? 'RT_SYSCALL',
      failure.message ?? nodeMessage(errno, syscall, path, dest),
      { ...failure, hint: withOuterFilter(syscall, code, failure.hint ?? hintFor(syscall, errno, call)) },
      // An errno newer than our table has no name; Node writes "Unknown system error N".
      code ?? (`E${errno}` as ErrnoName),
    )
    this.errno = -errno
    this.syscall = syscall
    if (path !== undefined) this.path = path
    if (dest !== undefined) this.dest = dest
    this.call = call
    Object.defineProperty(this, SYSCALL_ERROR, { value: true })
  }

  static override isInstance(value: unknown): value is SyscallError {
    return isMarked(value, SYSCALL_ERROR)
  }
}

/** The filter first: what else the errno can mean doesn't count while the kernel isn't asked. */
function withOuterFilter(syscall: string, code: string | undefined, hint: string | undefined): string | undefined {
  const outer = outerFilterHint(syscall, code)
  return outer && hint ? `${outer}; or ${hint}` : (outer ?? hint)
}

/** `CODE: description, syscall 'path' -> 'dest'`, as Node's file system errors read. */
function nodeMessage(errno: number, syscall: string, path?: string, dest?: string): string {
  const text = errnoText(errno)
  const where = `${path === undefined ? '' : ` '${escaped(path)}'`}${dest === undefined ? '' : ` -> '${escaped(dest)}'`}`
  return `${errnoName(errno) ?? `E${errno}`}: ${text.charAt(0).toLowerCase()}${text.slice(1)}, ${syscall}${where}`
}

/**
 * The same error, said to belong to a step (and to the option that asked for it), unless it names one already. What is
 * not an RtError is wrapped: its message is kept and it becomes the cause.
 */
export function inStep(error: unknown, step: string, origin?: string): RtError {
  if (SyscallError.isInstance(error)) {
    if (error.step !== undefined) return error
    // `call` holds the result already; the constructor appends it again.
    const call = error.call.replace(/ = -1 [^=]*$/, '')
    return new SyscallError({
      ...error,
      message: error.message,
      call,
      step,
      origin: error.origin ?? origin,
      cause: error,
    })
  }
  if (RtError.isInstance(error)) {
    if (error.step !== undefined) return error
    const { hint, complaints } = error
    return new RtError(error.kind, error.summary, {
      hint,
      complaints,
      step,
      origin: error.origin ?? origin,
      cause: error,
    })
  }
  return new RtError('RT_BROKEN_PROCESS', error instanceof Error ? error.message : String(error), {
    step,
    origin,
    cause: error,
  })
}

/**
 * An error for people: what, where it was asked for, the call, the hint.
 *
 *     mounts[3] "/data" (--volume /srv/data:/data): cannot bind mount: expected directory at destination, got file
 *       move_mount(7</srv/data>, "", 9</data>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH) = -1 ENOTDIR (Not a directory)
 *       hint: …
 *
 * The first line has no final period and no program name: the CLI writes `rt: ` before it. An error that is not an
 * RtError gives its message alone.
 */
export function formatError(error: unknown): string {
  if (!RtError.isInstance(error)) return error instanceof Error ? error.message : String(error)
  const asked = error.origin !== undefined && !error.step?.includes(error.origin) ? error.origin : undefined
  const where = error.step === undefined ? asked : asked === undefined ? error.step : `${error.step} (${asked})`
  const lines = [`${where === undefined ? '' : `${where}: `}${error.summary.replace(/\.$/, '')}`]
  for (const { path, message } of error.complaints ?? []) lines.push(`  ${path}: ${message}`)
  if (SyscallError.isInstance(error)) lines.push(`  ${error.call}`)
  if (error.hint !== undefined) lines.push(`  hint: ${error.hint}`)
  return lines.map(printable).join('\n')
}
