import { SyscallError } from '../errors.js'
import { formatCall } from '../format/call.js'
import { list } from './arguments.js'
import { nativeLibrary } from './library.js'
import { text } from './spawn.js'

/**
 * execve(2) in this process: Node is gone, with its threads. Descriptors that are close-on-exec are closed: all that Node
 * opens, and 0, 1 and 2, which it marks so when it starts (fcntl with F_SETFD undoes that). Ignored signals stay ignored,
 * and Node ignores SIGPIPE. Nothing that waits for the exit of Node is run.
 *
 * @throws SyscallError ENOENT, EACCES, ENOEXEC, E2BIG, …; RtError RT_INVALID_OPTION for a NUL byte
 */
export function execve(file: string, argv: readonly string[], env: readonly string[]): never {
  text(file, 'file')
  list(argv, 'argv', text)
  list(env, 'env', text)
  const { libc, koffi } = nativeLibrary()
  const call = libc.func('int execve(const char *, const char **, const char **)')
  const result = call(file, [...argv, null], [...env, null])
  // It comes back with -1, or not at all.
  if (result === 0) return undefined as never
  throw new SyscallError({
    syscall: 'execve',
    errno: koffi.errno(),
    path: file,
    call: formatCall('execve', [file, { strings: argv }, { strings: env }]),
  })
}
