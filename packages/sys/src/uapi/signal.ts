/**
 * include/uapi/asm-generic/signal.h: signal names and numbers, the same on x64 and arm64. SIGIOT and SIGPOLL are other
 * names for SIGABRT and SIGIO. Real-time signals run from SIGRTMIN (34 for programs: libc keeps 32 and 33) to 64.
 */

/** Signal name → number. */
export const SIGNALS = Object.freeze({
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const)

/** A signal by its name, with `SIG`. */
export type SignalName = keyof typeof SIGNALS

export const SIGRTMIN = 34
export const SIGRTMAX = 64

// sigprocmask(2)
export const SIG_BLOCK = 0
export const SIG_UNBLOCK = 1
export const SIG_SETMASK = 2

const byNumber = new Map<number, SignalName>(
  Object.entries(SIGNALS).map(([name, number]) => [number, name as SignalName]),
)

/** `SIGTERM` for 15, `SIGRTMIN+3` for 37, undefined for a number that is no signal. */
export function signalName(number: number | bigint): string | undefined {
  const n = Number(number)
  if (n >= SIGRTMIN && n <= SIGRTMAX) return n === SIGRTMIN ? 'SIGRTMIN' : `SIGRTMIN+${n - SIGRTMIN}`
  return byNumber.get(n)
}

/**
 * The number of a signal by name (`SIG` and letter case optional, as in Docker's --stop-signal) or by number;
 * `SIGRTMIN+3` and `SIGRTMAX-1` are known. Undefined if there is no such signal.
 */
export function signalNumber(name: string | number): number | undefined {
  const text = String(name).toUpperCase()
  if (/^\d+$/.test(text)) {
    const n = Number(text)
    return n >= 1 && n <= SIGRTMAX ? n : undefined
  }
  const full = text.startsWith('SIG') ? text : `SIG${text}`
  const realTime = /^SIGRT(MIN(?:\+(\d+))?|MAX(?:-(\d+))?)$/.exec(full)
  if (realTime) {
    const n = full.startsWith('SIGRTMIN') ? SIGRTMIN + Number(realTime[2] ?? 0) : SIGRTMAX - Number(realTime[3] ?? 0)
    return n >= SIGRTMIN && n <= SIGRTMAX ? n : undefined
  }
  const alias: Readonly<Record<string, SignalName>> = { SIGIOT: 'SIGABRT', SIGPOLL: 'SIGIO', SIGCLD: 'SIGCHLD' }
  return (SIGNALS as Readonly<Record<string, number>>)[alias[full] ?? full]
}
