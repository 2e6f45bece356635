import { spawnSync } from 'node:child_process'
import { type SyscallName, syscallNumber } from '@rt/sys'

/** An argument that a second program can pass on: memory is bytes. */
export type PlainArgument = number | bigint | string | Uint8Array | null

const hex = (bytes: Uint8Array) => `pack("H*", "${Buffer.from(bytes).toString('hex')}")`

function perlArgument(value: PlainArgument): string {
  if (value === null) return '0'
  if (typeof value === 'string') return hex(Buffer.from(`${value}\0`))
  return value instanceof Uint8Array ? hex(value) : value.toString()
}

/** A call by each line of what strace prints of it, without its result. Made by perl, which has a syscall function. */
export function straced(calls: readonly (readonly [SyscallName, ...PlainArgument[]])[]): string[] {
  // A call that perl itself does not make marks where ours begin.
  const marker = `syscall(${syscallNumber('sched_yield')});`
  // perl passes memory only of variables.
  const script = calls.map(
    ([name, ...args]) => `{my @a = (${args.map(perlArgument).join(', ')}); syscall(${syscallNumber(name)}, @a);}`,
  )
  const { stderr, error } = spawnSync(
    'strace',
    ['-qq', '-s', '80', '-e', 'signal=none', 'perl', '-e', marker + script.join('')],
    {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    },
  )
  if (error) throw error
  const lines = stderr.split('\n')
  const start = lines.findIndex((line) => line.startsWith('sched_yield'))
  if (start < 0) throw new Error(stderr)
  return lines.slice(start + 1, start + 1 + calls.length).map((line) => line.replace(/\s+= -?\d.*$/, ''))
}

/** Whether strace and perl are here and may be used (a container may forbid ptrace). */
export const canStrace = (): boolean => spawnSync('strace', ['-qq', '-o', '/dev/null', 'perl', '-e', '1']).status === 0
