import { NOT_EXECUTABLE, NOT_FOUND, RtError, SETUP_FAILED, SyscallError } from '@rt/sys'

/**
 * What rt exits with. For `run` and `exec` these are Docker's and a shell's: the container's own code, or 128 + the
 * signal that ended it, or one of those below.
 */
export const EXIT = {
  ok: 0,
  /** A check failed: `rt doctor`, `rt lab --check`. */
  checkFailed: 1,
  /** rt itself failed: bad arguments, a call that the kernel refused. */
  runtimeFailed: SETUP_FAILED,
  notExecutable: NOT_EXECUTABLE,
  notFound: NOT_FOUND,
  /** What reads our output went away: as if SIGPIPE had ended us. */
  brokenPipe: 128 + 13,
} as const

/** How the container's program ended, as one number. */
export const exitCode = (exit: { readonly code: number } | { readonly signal: number }): number =>
  'code' in exit ? exit.code : 128 + exit.signal

/** The exit code that stands for an error. */
export function exitCodeOf(error: unknown): number {
  if (!RtError.isInstance(error)) return EXIT.runtimeFailed
  if (error.kind === 'RT_COMMAND_NOT_FOUND') return EXIT.notFound
  if (error.kind === 'RT_COMMAND_NOT_EXECUTABLE') return EXIT.notExecutable
  if (SyscallError.isInstance(error) && error.syscall === 'execve') {
    return error.code === 'ENOENT' ? EXIT.notFound : EXIT.notExecutable
  }
  return EXIT.runtimeFailed
}
