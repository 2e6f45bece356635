import { CLONE_NEWNS, CLONE_NEWPID, CLOSE_RANGE_CLOEXEC, MS_PRIVATE, MS_REC } from '@rt/sys'
import { call, type Instruction, type Plan, type Step, sequence, vector } from '../src/index.js'

/** Plans for the machine's own tests, made of bare calls: the packages that make real steps are above this one. */

export const step = (name: string, more: Partial<Step>): Step => ({ name, why: 'a test', origin: 'test', ...more })

/** A shell command on the host's root, in mount and PID namespaces of its own. */
export function shell(script: string, ...steps: Step[]): Plan {
  return sequence(
    step('namespaces', {
      clone: CLONE_NEWNS | CLONE_NEWPID,
      'init.enter': [call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null])],
    }),
    steps,
    step('exec', { 'init.execute': execute(['/bin/sh', '-c', script]) }),
  )
}

export const execute = (argv: readonly string[], env: readonly string[] = ['PATH=/usr/bin:/bin']): Instruction[] => [
  // At the execve, not before it: the supervisor takes the gate's closing for the execve.
  call('close_range', [3, 0xffffffff, CLOSE_RANGE_CLOEXEC]),
  call('rt_sigprocmask', [2, new Uint8Array(8), null, 8]),
  call('execve', [argv[0] as string, vector(argv), vector(env)]),
]
