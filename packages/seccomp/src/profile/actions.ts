import {
  errnoName,
  SECCOMP_RET_ALLOW,
  SECCOMP_RET_DATA,
  SECCOMP_RET_ERRNO,
  SECCOMP_RET_KILL_PROCESS,
  SECCOMP_RET_KILL_THREAD,
  SECCOMP_RET_LOG,
  SECCOMP_RET_TRACE,
  SECCOMP_RET_TRAP,
  SECCOMP_RET_USER_NOTIF,
} from '@rt/sys'

/** Actions by the names of libseccomp and the OCI specification; SCMP_ACT_KILL is an old name of KILL_THREAD. */
const ACTIONS = {
  SCMP_ACT_KILL: SECCOMP_RET_KILL_THREAD,
  SCMP_ACT_KILL_THREAD: SECCOMP_RET_KILL_THREAD,
  SCMP_ACT_KILL_PROCESS: SECCOMP_RET_KILL_PROCESS,
  SCMP_ACT_TRAP: SECCOMP_RET_TRAP,
  SCMP_ACT_ERRNO: SECCOMP_RET_ERRNO,
  SCMP_ACT_NOTIFY: SECCOMP_RET_USER_NOTIF,
  SCMP_ACT_TRACE: SECCOMP_RET_TRACE,
  SCMP_ACT_LOG: SECCOMP_RET_LOG,
  SCMP_ACT_ALLOW: SECCOMP_RET_ALLOW,
} as const

export type ActionName = keyof typeof ACTIONS
export const ACTION_NAMES = Object.keys(ACTIONS) as readonly ActionName[]

const EPERM = 1

/** The largest errno that the kernel hands to a program (MAX_ERRNO): it cuts a larger one. */
export const MAX_ERRNO = 4095

/** Whether an action carries a number: an errno, or what a tracer reads. */
export const takesErrno = (action: ActionName): boolean => action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE'

/** What a filter returns for an action, see seccomp(2). */
export const returnValue = (action: ActionName, errnoRet: number | null | undefined): number =>
  (ACTIONS[action] | (takesErrno(action) ? (errnoRet ?? EPERM) : 0)) >>> 0

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(ACTIONS)
    .filter(([name]) => name !== 'SCMP_ACT_KILL')
    .map(([name, value]) => [value, name.slice('SCMP_ACT_'.length)]),
)

/** The action in a filter's return value, without its number. */
export const actionOf = (value: number): number => (value & ~SECCOMP_RET_DATA) >>> 0

/** A filter's return value in words: `ERRNO(EPERM)`, `ALLOW`, `TRACE(7)`. */
export function formatReturn(value: number): string {
  const data = value & SECCOMP_RET_DATA
  const action = actionOf(value)
  const name = NAMES.get(action)
  if (name === undefined) return `0x${value.toString(16)}`
  if (action === SECCOMP_RET_ERRNO) return `${name}(${errnoName(data) ?? data})`
  return action === SECCOMP_RET_TRACE || data !== 0 ? `${name}(${data})` : name
}
