// requires nothing
import { formatError, inStep, RtError, SyscallError } from '@rt/sys'
import { describe, expect, it } from 'vitest'

const failure = {
  syscall: 'move_mount',
  errno: 20,
  path: '/srv/data',
  dest: '/data',
  call: 'move_mount(7</srv/data>, "", 9</data>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)',
}

describe('SyscallError', () => {
  it("has the fields and the message of Node's errors", () => {
    const error = new SyscallError(failure)
    expect(error).toMatchObject({
      errno: -20,
      code: 'ENOTDIR',
      syscall: 'move_mount',
      path: '/srv/data',
      dest: '/data',
    })
    expect(error.message).toBe("ENOTDIR: not a directory, move_mount '/srv/data' -> '/data'")
    expect(error.name).toBe('SyscallError')
    expect(error.kind).toBe('RT_WRONG_TYPE')
  })

  it.for([
    [38, 'RT_KERNEL_TOO_OLD'],
    [1, 'RT_PERMISSION'],
    [13, 'RT_PERMISSION'],
    [2, 'RT_NOT_FOUND'],
    [17, 'RT_EXISTS'],
    [16, 'RT_BUSY'],
    [21, 'RT_WRONG_TYPE'],
    [22, 'RT_SYSCALL'],
    [9999, 'RT_SYSCALL'],
  ] as const)('errno %i is of kind %s', ([errno, kind]) => {
    expect(new SyscallError({ syscall: 'open', errno }).kind).toBe(kind)
  })

  it('has an errno without a name too', () => {
    const error = new SyscallError({ syscall: 'open', errno: -9999 })
    expect(error).toMatchObject({ code: 'E9999', errno: -9999, call: 'open(…) = -1 errno 9999' })
    expect(error.message).toBe('E9999: unknown error 9999, open')
  })

  it('shows a path without what a terminal would obey', () => {
    expect(new SyscallError({ syscall: 'open', errno: 2, path: '/a\n\x1b[2J' }).message).toBe(
      "ENOENT: no such file or directory, open '/a\\n\\33[2J'",
    )
  })

  it('is recognized without instanceof', () => {
    const error = new SyscallError(failure)
    expect(SyscallError.isInstance(error)).toBe(true)
    expect(RtError.isInstance(error)).toBe(true)
    expect(SyscallError.isInstance(new RtError('RT_LIMIT', 'x'))).toBe(false)
    // Another copy of the package marks its errors alike.
    const foreign = Object.assign(new Error('x'), { [Symbol.for('@rt/sys/RtError')]: true })
    expect(RtError.isInstance(foreign)).toBe(true)
    for (const other of [null, undefined, 'x', new Error('x')]) expect(RtError.isInstance(other)).toBe(false)
  })
})

describe('formatError', () => {
  it('says where, what, the call, and the remedy', () => {
    const error = new SyscallError({
      ...failure,
      step: 'mounts[3] "/data"',
      origin: '--volume /srv/data:/data',
      message: 'cannot bind mount: expected directory at destination, got file.',
    })
    expect(formatError(error)).toBe(
      [
        'mounts[3] "/data" (--volume /srv/data:/data): cannot bind mount: expected directory at destination, got file',
        `  ${failure.call} = -1 ENOTDIR (Not a directory)`,
        '  hint: source and destination must both be directories or both be files',
      ].join('\n'),
    )
  })

  it('lists complaints', () => {
    const complaints = [
      { path: '--memory', message: 'expected a size, got "x"' },
      { path: 'mounts[3].destination', message: 'expected an absolute path, got "data"' },
    ]
    expect(
      formatError(new RtError('RT_INVALID_OPTION', '2 options are wrong', { complaints, hint: 'see --help' })),
    ).toBe(
      [
        '2 options are wrong',
        '  --memory: expected a size, got "x"',
        '  mounts[3].destination: expected an absolute path, got "data"',
        '  hint: see --help',
      ].join('\n'),
    )
  })

  it('names the option once', () => {
    const error = new RtError('RT_LIMIT', 'too large', { step: 'memory (--memory)', origin: '--memory' })
    expect(formatError(error)).toBe('memory (--memory): too large')
    expect(formatError(new RtError('RT_LIMIT', 'too large', { origin: '--memory' }))).toBe('--memory: too large')
  })

  it('gives the message of other errors', () => {
    expect(formatError(new Error('x'))).toBe('x')
    expect(formatError('x')).toBe('x')
  })
})

describe('inStep', () => {
  it('adds the step to a SyscallError and keeps the rest', () => {
    const original = new SyscallError({ ...failure, hint: 'h' })
    const error = inStep(original, 'mounts[0]', '--volume')
    expect(error).toMatchObject({
      step: 'mounts[0]',
      origin: '--volume',
      message: original.message,
      call: original.call,
      hint: 'h',
      path: '/srv/data',
      errno: -20,
      cause: original,
    })
    expect(SyscallError.isInstance(error)).toBe(true)
  })

  it('keeps a step that is there', () => {
    const error = new SyscallError({ ...failure, step: 'first' })
    expect(inStep(error, 'second')).toBe(error)
    const plain = new RtError('RT_LIMIT', 'x', { step: 'first' })
    expect(inStep(plain, 'second')).toBe(plain)
  })

  it('adds the step to an RtError and keeps code and complaints', () => {
    const complaints = [{ path: 'a', message: 'b' }]
    const error = inStep(new RtError('RT_LIMIT', 'x', { complaints, hint: 'h', origin: 'o' }), 's', 'other')
    const shared = { code: 'RT_LIMIT', step: 's', origin: 'o', hint: 'h', complaints }
    expect(error).toMatchObject({ ...shared, message: 'a: b', summary: 'x' })
    expect(formatError(error)).toBe('s (o): x\n  a: b\n  hint: h')
  })

  it('has the first complaint in its message, and how many more there are', () => {
    const complaints = [
      { path: 'mounts[0].destination', message: 'expected an absolute path, got "x"' },
      { path: '', message: 'b' },
      { path: '', message: 'c' },
    ]
    const make = (count: number) =>
      new RtError('RT_INVALID_OPTION', '3 values are wrong', { complaints: complaints.slice(0, count) })
    expect(make(3).message).toBe('mounts[0].destination: expected an absolute path, got "x" (and 2 more)')
    expect(make(1).message).toBe('mounts[0].destination: expected an absolute path, got "x"')
    expect(make(0)).toMatchObject({ message: '3 values are wrong', summary: '3 values are wrong' })
    // People get them all, under what they have in common.
    expect(formatError(make(3)).split('\n')).toHaveLength(4)
  })

  it('wraps what is no RtError', () => {
    const cause = new TypeError('x is not a function')
    expect(inStep(cause, 's')).toMatchObject({ code: 'RT_BROKEN_PROCESS', message: cause.message, step: 's', cause })
    expect(inStep('odd', 's').message).toBe('odd')
  })
})
