import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'

/** /proc entries come and go while they are read; undefined for one that went, or that isn't ours to read. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

const pids = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name))

/** The fields of /proc/PID/stat after the command, which may itself hold spaces and parentheses: state, ppid, … */
function stat(pid: string): string[] {
  const text = attempt(() => readFileSync(join('/proc', pid, 'stat'), 'latin1')) ?? ''
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

const parent = (pid: string): string => stat(pid)[1] ?? '0'
const executable = (pid: string): string | undefined => attempt(() => readlinkSync(join('/proc', pid, 'exe')))
const pidNamespace = (pid: string): string | undefined => attempt(() => readlinkSync(join('/proc', pid, 'ns/pid')))

function descendsFrom(pid: string, ancestor: string): boolean {
  for (let current = pid; current !== '0' && current !== ''; current = parent(current)) {
    if (current === ancestor) return true
  }
  return false
}

/** A container's supervisor or init before its exec: the ELF in a memfd (other programs run from memfds too). */
const isRt = (path: string): boolean =>
  path.startsWith('/memfd:rt') || basename(path.replace(/ \(deleted\)$/, '')) === 'rt'

/** The first ancestor that isn't rt's ELF: who started the container. 1 when that one is gone. */
function starter(pid: string): string {
  let current = parent(pid)
  while (isRt(executable(current) ?? '')) current = parent(current)
  return current
}

/**
 * Processes that a test run started and that shouldn't be there any more. Others live on the machine, and some of them
 * may run containers, so a process counts only if it is known to be the run's:
 *
 * - it carries the run's marker in its environment (all do but containers, whose environment is their own), but for
 *   vitest's own workers and esbuild;
 * - it is rt's ELF, started by a process of the run or by one that is gone;
 * - it lives in a PID namespace and was left to the host's init: a container without its supervisor. (The shims of other
 *   engines stay with their containers.)
 *
 * @param marker `NAME=value` as it stands in /proc/PID/environ.
 */
export function leftoverProcesses(marker: string): string[] {
  const self = String(process.pid)
  const ownNamespace = pidNamespace(self)
  return pids().flatMap((pid) => {
    if (pid === self || stat(pid)[0] === 'Z') return []
    const path = executable(pid)
    if (path === undefined) return [] // a kernel thread, or gone
    const marked = attempt(() => readFileSync(join('/proc', pid, 'environ'), 'latin1'))
      ?.split('\0')
      .includes(marker)
    const ofRun = (other: string) => other === '1' || descendsFrom(other, self)
    const ofVitest = (path === process.execPath || basename(path) === 'esbuild') && descendsFrom(pid, self)
    const left =
      (marked && !ofVitest) ||
      (isRt(path) && ofRun(starter(pid))) ||
      (parent(pid) === '1' && pidNamespace(pid) !== undefined && pidNamespace(pid) !== ownNamespace)
    if (!left) return []
    const command = attempt(() => readFileSync(join('/proc', pid, 'cmdline'), 'utf8')) ?? ''
    return [`${pid} ${path} (${command.split('\0').join(' ').trim().slice(0, 80)})`]
  })
}

/** Whether a process in this cgroup directory, or below it, is neither the run's own nor one of its containers'. */
export function isUsedByOthers(cgroupProcs: string, marker: string): boolean {
  const members =
    attempt(() => readFileSync(cgroupProcs, 'utf8'))
      ?.split('\n')
      .filter(Boolean) ?? []
  const ours = new Set(leftoverProcesses(marker).map((line) => line.split(' ')[0]))
  return members.some((pid) => !ours.has(pid) && !descendsFrom(pid, String(process.pid)))
}
