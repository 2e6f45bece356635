import { SyscallError } from '../errors.js'
import { type NativeFunction, nativeLibrary } from './library.js'

/** What posix_spawn(3) is to start. */
export interface SpawnOptions {
  readonly file: string
  readonly argv: readonly string[]
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

/**
 * posix_spawn(3): a vfork that never copies Node's memory. The child starts with every signal blocked and all
 * dispositions at their default (Node ignores SIGPIPE, and an ignored signal would survive the exec).
 *
 * @returns the child's pid
 * @throws SyscallError naming execve
 */
export function posixSpawn(options: SpawnOptions): number {
  functions ??= load()
  if (!attributes) {
    attributes = Buffer.alloc(512)
    functions.attrInit(attributes)
    const all = Buffer.alloc(128, 0xff)
    functions.setMask(attributes, all)
    functions.setDefault(attributes, all)
    functions.setFlags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)
  }
  const actions = Buffer.alloc(128)
  functions.init(actions)
  for (const [from, to] of options.dup2) functions.adddup2(actions, from, to)
  const pid = [0]
  const errno = functions.spawn(
    pid,
    options.file,
    actions,
    attributes,
    [...options.argv, null],
    [...options.env, null],
  ) as number
  functions.destroy(actions)
  if (errno !== 0)
    throw new SyscallError({ syscall: 'execve', errno, path: options.file, call: `execve("${options.file}")` })
  return pid[0] as number
}
