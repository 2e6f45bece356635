import { call, label, type Step, vector } from '@rt/program'

export interface ExecOptions {
  /** `NAME=value` */
  readonly env: readonly string[]
  readonly origin?: string
}

const SIG_SETMASK = 2
const PR_SET_PDEATHSIG = 1
const SIGKILL = 9
const CLOSE_FROM = 3

/**
 * Replace init by the container's program. A name without a slash is looked for in PATH by the kernel itself, inside
 * the root. Every fd from 3 up is closed first, so that nothing of the host leaks in (CVE-2024-21626).
 */
export function exec(argv: readonly string[], options: ExecOptions): Step {
  const [name = ''] = argv
  const path = options.env.find((entry) => entry.startsWith('PATH='))?.slice(5) ?? '/usr/bin:/bin'
  const candidates = name.includes('/') ? [name] : path.split(':').map((directory) => `${directory || '.'}/${name}`)
  return {
    name: 'exec',
    why: 'become the container’s program',
    ...(options.origin === undefined ? {} : { origin: options.origin }),
    inside: [
      call('prctl', [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0], { why: 'a change of credentials had cleared it' }),
      call('close_range', [CLOSE_FROM, 0xffffffff, 0]),
      call('rt_sigprocmask', [SIG_SETMASK, new Uint8Array(8), null, 8]),
      ...candidates.flatMap((file, i) => {
        const last = i === candidates.length - 1
        return [
          call('execve', [file, vector(argv), vector(options.env)], {
            of: file,
            ...(last ? {} : { tolerate: ['ENOENT', 'ENOTDIR', 'EACCES'] as const }),
          }),
          label(`next${i}`),
        ]
      }),
    ],
  }
}
