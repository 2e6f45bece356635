import { type Complaint, RtError, type RtErrorCode, SyscallError } from '@rt/sys'

/** An error as it goes from one thread to another: structured cloning drops an error's own fields. */
export interface ErrorMessage {
  readonly kind: RtErrorCode
  readonly message: string
  readonly step: string | undefined
  readonly origin: string | undefined
  readonly hint: string | undefined
  readonly complaints: readonly Complaint[] | undefined
  /** What the error's stack was: it is of the other thread, and of use to those who look for a bug. */
  readonly stack: string | undefined
  /** Of a SyscallError. */
  readonly syscall: { name: string; errno: number; path?: string | undefined; call: string } | undefined
}

export function toErrorMessage(error: unknown): ErrorMessage {
  const rt = RtError.isInstance(error) ? error : undefined
  const plain = error instanceof Error ? error : new Error(String(error))
  return {
    kind: rt?.kind ?? 'RT_BROKEN_PROCESS',
    message: rt ? rt.summary : `the unpacking thread failed: ${plain.message}`,
    step: rt?.step,
    origin: rt?.origin,
    hint: rt?.hint,
    complaints: rt?.complaints,
    stack: plain.stack,
    syscall: SyscallError.isInstance(error)
      ? { name: error.syscall, errno: error.errno, path: error.path, call: error.call.replace(/ = -1 [^=]*$/, '') }
      : undefined,
  }
}

/** The same error in this thread; the other one's stack is its cause. */
export function fromErrorMessage(error: ErrorMessage): RtError {
  const { kind, message, step, origin, hint, complaints, syscall } = error
  const cause = Object.assign(new Error(message), { stack: error.stack })
  const details = { step, origin, hint, complaints, cause }
  if (!syscall) return new RtError(kind, message, details)
  const { name, errno, path, call } = syscall
  return new SyscallError({ ...details, syscall: name, errno, path, call, message })
}
