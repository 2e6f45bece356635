import { call, type Instruction, type Plan, type Step, sequence, vector } from '@rt/program'
import { CLONE_NEWCGROUP, CLONE_NEWPID, CLOSE_RANGE_CLOEXEC, SIG_SETMASK } from '@rt/sys'

/** Plans made of bare calls: the packages that make real steps don't import each other, and this one none of them. */

const execute = (argv: readonly string[]): Instruction[] => [
  call('close_range', [3, 0xffffffff, CLOSE_RANGE_CLOEXEC]),
  call('rt_sigprocmask', [SIG_SETMASK, new Uint8Array(8), null, 8]),
  call('execve', [argv[0] as string, vector(argv), vector(['PATH=/usr/bin:/bin'])]),
]

/**
 * A shell command on the host's root, in a cgroup namespace of its own, after these steps.
 *
 * @param clone flags of more namespaces; default: a pid namespace, so that all processes end with the shell
 */
export const shell = (script: string, steps: readonly Step[], clone = CLONE_NEWPID): Plan =>
  sequence(
    { name: 'namespaces', why: 'a test', clone },
    steps,
    { name: 'cgroup namespace', why: 'a test', 'init.mount': [call('unshare', [CLONE_NEWCGROUP])] },
    { name: 'exec', why: 'a test', 'init.execute': execute(['/bin/sh', '-c', script]) },
  )
