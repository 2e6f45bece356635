import { SyscallError } from '../errors.js'
import { formatCall } from '../format/call.js'
import { integer, list, object, refuseArgument } from './arguments.js'
import { type NativeFunction, nativeLibrary } from './library.js'
import { refuseNul } from './path.js'

/** What posix_spawn(3) is to start. */
export interface SpawnOptions {
  /** Path of the executable: PATH is not searched. */
  readonly file: string
  readonly argv: readonly string[]
  /** The whole environment, as `NAME=value`. */
  readonly env: readonly string[]
  /** [from, to]: dup2 in the child, in order. What is not named here is closed if it is close-on-exec. */
  readonly dup2: readonly (readonly [number, number])[]
}

type Spawn = Record<
  'init' | 'destroy' | 'adddup2' | 'attrInit' | 'setFlags' | 'setMask' | 'setDefault' | 'spawn',
  NativeFunction
>
let functions: Spawn | undefined
let attributes: Buffer | undefined

const POSIX_SPAWN_SETSIGDEF = 0x04
const POSIX_SPAWN_SETSIGMASK = 0x08

// Larger than libc's structs: posix_spawnattr_t has 336 bytes, posix_spawn_file_actions_t 80, sigset_t 128.
const ATTRIBUTES_SIZE = 512
const ACTIONS_SIZE = 128
const SIGSET_SIZE = 128

function load(): Spawn {
  const { libc } = nativeLibrary()
  return {
    init: libc.func('int posix_spawn_file_actions_init(void *)'),
    destroy: libc.func('int posix_spawn_file_actions_destroy(void *)'),
    adddup2: libc.func('int posix_spawn_file_actions_adddup2(void *, int, int)'),
    attrInit: libc.func('int posix_spawnattr_init(void *)'),
    setFlags: libc.func('int posix_spawnattr_setflags(void *, short)'),
    setMask: libc.func('int posix_spawnattr_setsigmask(void *, void *)'),
    setDefault: libc.func('int posix_spawnattr_setsigdefault(void *, void *)'),
    spawn: libc.func('int posix_spawn(_Out_ int *, const char *, void *, void *, const char **, const char **)'),
  }
}

export function text(value: string, what: string): void {
  if (typeof value !== 'string') refuseArgument('ERR_INVALID_ARG_TYPE', what, 'text', value)
  if (value.includes('\0')) refuseNul(value)
}

/** All signals blocked and at their defaults: the same for every child, so made once. */
function makeAttributes({ attrInit, setMask, setDefault, setFlags }: Spawn): Buffer {
  const made = Buffer.alloc(ATTRIBUTES_SIZE)
  const all = Buffer.alloc(SIGSET_SIZE, 0xff)
  attrInit(made)
  setMask(made, all)
  setDefault(made, all)
  setFlags(made, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)
  return made
}

/**
 * posix_spawn(3): a vfork that never copies Node's memory. The child starts with every signal blocked and all
 * dispositions at their default (Node ignores SIGPIPE, and an ignored signal would survive the exec). It is the
 * caller's to reap: waitpid.
 *
 * @returns the child's pid
 * @throws SyscallError naming execve: ENOENT, EACCES, ENOEXEC, E2BIG, …, or EBADF for an fd of dup2 that is not open
 * @throws RtError RT_INVALID_OPTION for a NUL byte in file, argv or env
 */
export function posixSpawn(options: SpawnOptions): number {
  const { file, argv, env, dup2 } = object(options, 'options')
  text(file, 'options.file')
  list(argv, 'options.argv', text)
  list(env, 'options.env', text)
  list(dup2, 'options.dup2', (pair, what) => list(pair, what, integer))
  functions ??= load()
  attributes ??= makeAttributes(functions)
  const actions = Buffer.alloc(ACTIONS_SIZE)
  functions.init(actions)
  let errno = 0
  for (const [from, to] of dup2) errno ||= functions.adddup2(actions, from, to) as number
  const pid = [0]
  errno ||= functions.spawn(pid, file, actions, attributes, [...argv, null], [...env, null]) as number
  functions.destroy(actions)
  if (errno !== 0) {
    const call = formatCall('execve', [file, { strings: argv }, { strings: env }])
    throw new SyscallError({ syscall: 'execve', errno, path: file, call })
  }
  return pid[0] as number
}
