// requires nothing: the native layer is a counter, so no call is ever made
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

let made = 0
vi.mock('../src/native/library.js', () => {
  const count = () => {
    made++
    return 0
  }
  const koffi = { errno: () => 0, address: () => 4096n, load: () => ({ func: () => count }) }
  return { nativeLibrary: () => ({ koffi, libc: { func: () => count } }), addressOf: () => 4096n }
})

import * as sys from '../src/index.js'

/** An argument that may be left out, or be null, or be text besides numbers: a signal's name. */
class May {
  constructor(
    readonly value: unknown,
    readonly kind: 'null' | 'signal',
  ) {}
}
const orNull = (value: unknown) => new May(value, 'null')
const signal = new May(15, 'signal')

const fd = 9
const path = 'a/b'
const bytes = Buffer.from('abc')
const flags = 0
const id = 1000

/** Right arguments of every exported function that makes a call: each is then made wrong, one at a time. */
const CALLS: Record<string, unknown[]> = {
  linkat: [fd, path, fd, path, flags],
  mkdirat: [fd, path, 0o755],
  mknodat: [fd, path, 0o644, 0],
  readlinkat: [fd, path],
  renameat2: [fd, path, fd, path, flags],
  rmdirat: [fd, path],
  symlinkat: [path, fd, path],
  unlinkat: [fd, path],
  flock: [fd, 2],
  tryFlock: [fd, 'shared'],
  addSeals: [fd, 1],
  getSeals: [fd],
  memfdCreate: ['name', flags],
  memfdCreateExecutable: ['name', flags],
  fchmod: [fd, 0o644],
  fchmodat: [fd, path, 0o644],
  fchmodat2: [fd, path, 0o644, flags],
  fchown: [fd, id, id],
  fchownat: [fd, path, id, id, flags],
  futimens: [fd, 1n, 2n],
  lchown: [path, id, id],
  utimensat: [fd, path, 1n, 2n, flags],
  close: [fd],
  closeRange: [3, 9, flags],
  openat: [fd, path, flags, 0o644],
  openat2: [fd, path, { flags: 0, mode: 0, resolve: 0 }],
  fstatfs: [fd],
  statfs: [path],
  statx: [fd, path, flags, 0x7ff],
  fgetxattr: [fd, path],
  flistxattr: [fd],
  fremovexattr: [fd, path],
  fsetxattr: [fd, path, bytes, flags],
  lgetxattr: [path, path],
  llistxattr: [path],
  lremovexattr: [path, path],
  lsetxattr: [path, path, bytes, flags],
  mountSetattr: [fd, path, flags, { set: 1n, clear: 1n, propagation: 'private', userNamespace: fd }],
  contextMessages: [fd],
  fsconfigBinary: [fd, path, bytes],
  fsconfigCreate: [fd],
  fsconfigFd: [fd, path, fd],
  fsconfigFlag: [fd, path],
  fsconfigReconfigure: [fd],
  fsconfigString: [fd, path, path],
  fsmount: [fd, flags],
  fsopen: [path],
  fspick: [fd, path, flags],
  mount: [orNull(path), path, 'tmpfs', flags, orNull(path)],
  mountBind: [path, path, true],
  mountChange: [path, 'slave', true],
  mountMove: [path, path],
  mountRemount: [path, flags, orNull(path)],
  umount2: [path, flags],
  listmount: [1n],
  statmount: [1n],
  attachMount: [fd, fd],
  moveMount: [fd, path, fd, path, flags],
  openTree: [fd, path, flags],
  namespaceOwner: [fd],
  namespaceOwnerUid: [fd],
  namespaceParent: [fd],
  namespaceType: [fd],
  setns: [fd, flags],
  unshare: [flags],
  execve: ['/x', ['x'], ['A=1']],
  posixSpawn: [{ file: '/x', argv: ['x'], env: ['A=1'], dup2: [[fd, 3]] }],
  capget: [0],
  capset: [{ effective: 1n, permitted: 1n, inheritable: 1n }],
  setgroups: [[id]],
  setresgid: [id, id, id],
  setresuid: [id, id, id],
  getResourceLimit: ['RLIMIT_CORE', 0],
  setResourceLimit: ['RLIMIT_CORE', { soft: 1n, hard: 1n }, 0],
  pidfdGetfd: [fd, fd],
  pidfdOpen: [1, flags],
  pidfdSendSignal: [fd, signal, flags],
  clearAmbientCapabilities: [],
  dropBoundingCapability: [1],
  getChildSubreaper: [],
  getDumpable: [],
  getNoNewPrivs: [],
  getParentDeathSignal: [],
  getSecurebits: [],
  hasAmbientCapability: [1],
  hasBoundingCapability: [1],
  lowerAmbientCapability: [1],
  raiseAmbientCapability: [1],
  setChildSubreaper: [true],
  setDumpable: [true],
  setKeepCapabilities: [true],
  setNoNewPrivs: [],
  setParentDeathSignal: [signal],
  setSecurebits: [1],
  kill: [1, signal],
  waitid: [0, 1, 4],
  waitpid: [1, flags],
  chdir: [path],
  chroot: [path],
  fchdir: [fd],
  pivotRoot: [path, path],
  receiveFds: [fd, 100, 1],
  sendFds: [fd, bytes, [fd]],
  socketpair: [1],
  openPseudoTerminal: [path],
  getTerminalAttributes: [fd],
  setTerminalAttributes: [
    fd,
    { input: 0, output: 0, control: 0, local: 0, lineDiscipline: 0, characters: new Uint8Array(19) },
    'now',
  ],
  getWindowSize: [fd],
  setWindowSize: [fd, { rows: 1, columns: 1 }],
}

/** They look at what they are given and make no call. The raw layer has tests of its own below. */
const MAKE_NONE = new Set(
  [
    'RtError SyscallError formatError inStep errnoName errnoNumber errnoText formatErrno makedev argumentKinds',
    'formatArgument openFlags formatCall formatEnum formatFlags parseFlags formatCloneFlags formatMode formatOpenFlags',
    'formatSocketType quote escaped printable formatStruct formatCapabilities hintFor propagationFlag addressOf cString nearest',
    'decodeStruct encodeStruct fieldWidth hasStruct readField structLayout writeField hasSyscall hostArch',
    'isSyscallName syscallName syscallNumber rawAttributes capabilityName capabilityNumber signalName signalNumber',
    'translateOpenFlags syscall rawSyscall parseMountinfo isUtf8 textBytes textFromBytes refuseUnknownOptions',
  ].flatMap((line) => line.split(' ')),
)

const EMPTY = {}
const NONE: unknown[] = []
const NUMBERS = [null, Number.NaN, 1.5, -0.5, Number.POSITIVE_INFINITY, 2 ** 53, 'x', '1', true, EMPTY, NONE, () => 0]
const notAmong = (...taken: unknown[]) => NUMBERS.filter((value) => !taken.includes(value))

/** Values that this one must not be. */
function wrongFor(right: unknown): unknown[] {
  if (right instanceof May) {
    if (right.kind === 'null') return wrongFor(right.value).filter((value) => value !== null)
    return [...NUMBERS, 'SIGNOPE', -1, 65]
  }
  if (typeof right === 'number') return [...NUMBERS, 2 ** 32, -(2 ** 31) - 1]
  if (typeof right === 'bigint') return [...notAmong(2 ** 53), 2n ** 64n, -(2n ** 63n) - 1n]
  if (typeof right === 'boolean') return [...notAmong(true), 0, 1]
  if (typeof right === 'string') return [...notAmong('x', '1'), 0, 'a\0b']
  if (right instanceof Uint8Array) return [...NUMBERS, 0, [1, 2]]
  if (Array.isArray(right)) return [...notAmong(NONE), 0]
  return [...notAmong(EMPTY), 0]
}

const rightValue = (right: unknown): unknown => (right instanceof May ? right.value : right)

/** The same arguments with one of them wrong, or a part of one. */
function* mistakes(right: readonly unknown[], required: number): Generator<[what: string, args: unknown[]]> {
  const with_ = (index: number, value: unknown) => right.map((each, i) => (i === index ? value : rightValue(each)))
  const text = (value: unknown) =>
    typeof value === 'function'
      ? '() => 0'
      : Number.isNaN(value)
        ? 'NaN'
        : typeof value === 'bigint'
          ? `${value}n`
          : JSON.stringify(value)
  for (const [index, one] of right.entries()) {
    for (const wrong of wrongFor(one)) yield [`argument ${index + 1} = ${text(wrong)}`, with_(index, wrong)]
    if (index < required) {
      yield [`argument ${index + 1} = undefined`, with_(index, undefined)]
      yield [`only ${index} arguments`, right.slice(0, index).map(rightValue)]
    }
    const inner = rightValue(one)
    if (Array.isArray(inner)) {
      for (const wrong of [...wrongFor(inner[0]), undefined]) {
        yield [`argument ${index + 1}[0] = ${text(wrong)}`, with_(index, [wrong])]
      }
    } else if (typeof inner === 'object' && inner !== null && !(inner instanceof Uint8Array)) {
      for (const [key, part] of Object.entries(inner)) {
        for (const wrong of wrongFor(part)) {
          yield [`argument ${index + 1}.${key} = ${text(wrong)}`, with_(index, { ...inner, [key]: wrong })]
        }
        if (Array.isArray(part)) {
          for (const wrong of [...wrongFor(part[0]), undefined]) {
            yield [`argument ${index + 1}.${key}[0] = ${text(wrong)}`, with_(index, { ...inner, [key]: [wrong] })]
          }
        }
      }
    }
  }
}

const NODES_CODES =
  /^(ERR_INVALID_ARG_TYPE|ERR_INVALID_ARG_VALUE|ERR_MISSING_ARGS|ERR_OUT_OF_RANGE|ERR_UNKNOWN_SIGNAL|RT_INVALID_OPTION)$/

beforeEach(() => {
  made = 0
})
afterEach(() => vi.restoreAllMocks())

const functions = Object.entries(sys).filter(([, value]) => typeof value === 'function') as [
  string,
  (...args: unknown[]) => unknown,
][]

it('every exported function has a row here', () => {
  expect(functions.map(([name]) => name).filter((name) => !(name in CALLS) && !MAKE_NONE.has(name))).toEqual([])
  const names = new Set(functions.map(([name]) => name))
  expect([...Object.keys(CALLS), ...MAKE_NONE].filter((name) => !names.has(name))).toEqual([])
})

describe('makes its call with right arguments, and none with wrong ones', () => {
  it.each(functions.filter(([name]) => name in CALLS))('%s', (name, action) => {
    const right = CALLS[name] as unknown[]
    expect(right.length, 'arguments in the row').toBeGreaterThanOrEqual(action.length)
    action(...right.map(rightValue))
    expect(made, 'calls made with right arguments').toBeGreaterThan(0)
    if (right.some((each) => each instanceof May && each.kind === 'signal')) {
      action(...right.map((each) => (each instanceof May && each.kind === 'signal' ? 'SIGTERM' : rightValue(each))))
    }
    made = 0
    const unnoticed: string[] = []
    for (const [what, args] of mistakes(right, action.length)) {
      let error: unknown
      try {
        action(...args)
      } catch (thrown) {
        error = thrown
      }
      const { code } = (error ?? {}) as { code?: string }
      if (made > 0 || !NODES_CODES.test(String(code))) unnoticed.push(`${what}: ${made} calls, ${error}`)
      made = 0
    }
    expect(unnoticed).toEqual([])
  })
})

describe('the raw layer', () => {
  const refuses = (action: () => unknown, code: string, message?: string) => {
    expect(action).toThrow(
      expect.objectContaining({ code, ...(message ? { message: expect.stringContaining(message) } : {}) }),
    )
    expect(made).toBe(0)
  }

  it.each([undefined, Number.NaN, 1.5, -0.5, 2 ** 53, {}, [], true, () => 0, 2n ** 64n])(
    'rawSyscall refuses %s',
    (wrong) => {
      for (const args of [[wrong], [1, wrong], ['x', 1, wrong]]) {
        expect(() => sys.rawSyscall(3, args as never)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }),
        )
      }
      if (typeof wrong !== 'bigint') expect(() => sys.rawSyscall(wrong as never, [])).toThrow('the number of a call')
      expect(made).toBe(0)
    },
  )

  it('rawSyscall refuses a seventh argument, which the kernel would never see', () => {
    refuses(() => sys.rawSyscall(3, [1, 2, 3, 4, 5, 6, 7]), 'ERR_OUT_OF_RANGE', 'at most 6')
  })

  it('syscall refuses a name that is no call, and says which was meant', () => {
    refuses(() => sys.syscall('nope' as 'close'), 'RT_INVALID_OPTION', 'no system call is named "nope"')
    expect(() => sys.syscall('mkdiratt' as 'close')).toThrow(expect.objectContaining({ hint: 'did you mean mkdirat?' }))
    refuses(() => sys.syscall('constructor' as 'close'), 'RT_INVALID_OPTION')
    refuses(() => sys.syscall(undefined as never), 'RT_INVALID_OPTION')
  })

  it('syscall refuses what is missing, of another kind, or cut by the kernel', () => {
    refuses(() => sys.syscall('close'), 'ERR_MISSING_ARGS', 'close takes 1 arguments, got 0')
    refuses(() => sys.syscall('unshare'), 'ERR_MISSING_ARGS')
    refuses(() => sys.syscall('close', 'x'), 'ERR_INVALID_ARG_TYPE', 'argument 1 of close')
    refuses(() => sys.syscall('close', null), 'ERR_INVALID_ARG_TYPE')
    refuses(() => sys.syscall('chdir', 5), 'ERR_INVALID_ARG_TYPE', 'text, bytes, null')
    // 2^32 would be cut to 0: stdin, and one's own process group.
    refuses(() => sys.syscall('close', 2 ** 32), 'ERR_OUT_OF_RANGE')
    refuses(() => sys.syscall('kill', 2n ** 32n, 9), 'ERR_OUT_OF_RANGE')
  })

  it.each(sys.SYSCALL_NAMES.filter((name) => sys.hasSyscall(name)))(
    '%s by name takes no wrong number in any place',
    (name) => {
      for (let place = 0; place < 6; place++) {
        for (const wrong of [undefined, Number.NaN, 1.5, -0.5]) {
          const args = Array.from({ length: 6 }, (_, i) => (i === place ? wrong : 0))
          expect(() => sys.syscall(name, ...(args as never[])), `${name} ${place} ${wrong}`).toThrow()
        }
      }
      expect(made).toBe(0)
    },
  )
})

describe('a signal by name', () => {
  it('may be a real-time one, and needs no SIG; digits are no name', () => {
    sys.kill(1, 'SIGRTMIN+3' as 'SIGHUP')
    sys.kill(1, 'TERM' as 'SIGHUP')
    expect(made).toBe(2)
    expect(() => sys.kill(1, '9' as 'SIGHUP')).toThrow(expect.objectContaining({ code: 'ERR_UNKNOWN_SIGNAL' }))
  })
})
