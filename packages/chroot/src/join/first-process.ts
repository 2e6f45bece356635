import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { processStatus } from './process-status.js'

/**
 * The process that a container was started with, by any process of it: process 1 of its pid namespace, or, where that is
 * our own reaper (`init`), the reaper's program. The process itself where it has the caller's pid namespace, and where
 * process 1 may not be looked at.
 *
 * @throws Node's error if there is no such process
 */
export function firstProcess(pid: number): number {
  const namespace = pidNamespace(pid)
  if (namespace === undefined || namespace === pidNamespace('self')) return pid
  const first = topmost(pid, namespace)
  return first === undefined ? pid : (programOf(first) ?? first)
}

/** undefined: it may not be looked at, or is gone. */
function pidNamespace(pid: number | 'self'): string | undefined {
  return ifSeen(() => readlinkSync(`/proc/${pid}/ns/pid`))
}

function ifSeen<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined
    throw error
  }
}

/** Process 1 of the namespace: an ancestor, but for what was started from outside (`exec`), whose parent is there. */
function topmost(pid: number, namespace: string): number | undefined {
  const isFirst = (each: number): boolean =>
    pidNamespace(each) === namespace && ifSeen(() => processStatus(each))?.innermostPid === 1
  for (let each = pid; each > 0 && pidNamespace(each) === namespace; ) {
    if (isFirst(each)) return each
    each = ifSeen(() => processStatus(each))?.parent ?? 0
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find(isFirst)
}

/**
 * The program of a reaper, its oldest child: orphans that it takes up are younger. A reaper has executed nothing, so it
 * is told by its file, which is its parent's, the supervisor's. Nothing else of it speaks for the container: a compiled
 * program's reaper still has the environment of whoever started that.
 */
function programOf(first: number): number | undefined {
  const file = (pid: number): string | undefined => {
    const status = ifSeen(() => statSync(`/proc/${pid}/exe`))
    return status && `${status.dev}:${status.ino}`
  }
  const own = file(first)
  const { parent } = processStatus(first)
  if (own === undefined || parent === 0 || own !== file(parent)) return undefined
  const children = readFileSync(`/proc/${first}/task/${first}/children`, 'latin1')
    .split(' ')
    .filter(Boolean)
    .map(Number)
  const ages = children.flatMap((pid) => {
    const start = ifSeen(() => startTime(pid))
    return start === undefined ? [] : [{ pid, start }]
  })
  return ages.sort((a, b) => a.start - b.start)[0]?.pid
}

/** Clock ticks after boot. After "pid (name)", which may hold anything, it is the 20th field; proc_pid_stat(5). */
function startTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
}
