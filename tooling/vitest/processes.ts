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

function descendsFrom(pid: string, ancestor: string): boolean {
  for (let current = pid; current !== '0' && current !== ''; current = parent(current)) {
    if (current === ancestor) return true
  }
  return false
}

/**
 * Processes that a test run started and that shouldn't be there any more: a container's ELF (its memfd or file
 * is called rt), and whatever carries the run's marker in its environment, but for vitest's own workers and esbuild.
 *
 * @param marker `NAME=value` as it stands in /proc/PID/environ.
 */
export function leftoverProcesses(marker: string): string[] {
  const self = String(process.pid)
  return pids().flatMap((pid) => {
    if (pid === self || stat(pid)[0] === 'Z') return []
    const executable = attempt(() => readlinkSync(join('/proc', pid, 'exe')))
    if (executable === undefined) return [] // a kernel thread, or gone
    const name = basename(executable.replace(/ \(deleted\)$/, ''))
    const marked = attempt(() => readFileSync(join('/proc', pid, 'environ'), 'latin1'))
      ?.split('\0')
      .includes(marker)
    const ofVitest = (executable === process.execPath || name === 'esbuild') && descendsFrom(pid, self)
    const ofRt = executable.startsWith('/memfd:rt') || name === 'rt' // other programs run from memfds too
    if (!ofRt && (!marked || ofVitest)) return []
    const command = attempt(() => readFileSync(join('/proc', pid, 'cmdline'), 'utf8')) ?? ''
    return [`${pid} ${executable} (${command.split('\0').join(' ').trim().slice(0, 80)})`]
  })
}

/** The namespaces of all processes with who holds them, as lsns shows them: `net:[4026531840]`. */
export function namespaces(): string[] {
  const found = new Set<string>()
  for (const pid of pids()) {
    for (const kind of ['mnt', 'net', 'pid', 'user', 'uts', 'ipc', 'cgroup']) {
      const link = attempt(() => readlinkSync(join('/proc', pid, 'ns', kind)))
      if (link) found.add(link)
    }
  }
  return [...found]
}
