import { spawnSync } from 'node:child_process'

/** What glibc's start-up asks the kernel for before main() of a static program. */
const startUp = new Set(
  'arch_prctl brk getrandom mprotect prlimit64 readlink rseq set_robust_list set_tid_address'.split(' '),
)

/** How often each system call is made by a command and its children, as strace counts; undefined without strace. */
function countCalls(command: readonly string[]): Map<string, number> | undefined {
  const { status, stderr } = spawnSync('strace', ['-f', '-c', ...command], { encoding: 'utf8' })
  if (status !== 0) return undefined
  // % time     seconds  usecs/call     calls    errors syscall
  const rows = stderr.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(\w+)$/gm)
  return new Map([...rows].map(([, calls, name]) => [String(name), Number(calls)]))
}

/** Whether two commands do the same work: a line on how their system calls differ. */
export function compareCalls(left: [string, readonly string[]], right: [string, readonly string[]]): string[] {
  const [one, other] = [countCalls(left[1]), countCalls(right[1])]
  if (!one || !other) return ['system calls not compared: sh tooling/setup-debian.sh strace']
  const names = [...new Set([...one.keys(), ...other.keys()])].filter((name) => name !== 'total')
  const differing = names.filter((name) => !startUp.has(name) && one.get(name) !== other.get(name))
  const shown = differing.map((name) => `${name} ${one.get(name) ?? 0} and ${other.get(name) ?? 0}`)
  const total = names.filter((name) => !startUp.has(name)).reduce((sum, name) => sum + (one.get(name) ?? 0), 0)
  if (shown.length === 0) return [`both make the same ${total} system calls (but for the start-up of glibc)`]
  return [`system calls that ${left[0]} and ${right[0]} make a different number of times: ${shown.join(', ')}`]
}
