// requires Linux
import { openSync, readFileSync } from 'node:fs'
import {
  AT_FDCWD,
  addressOf,
  close,
  ERRNO,
  hasSyscall,
  O_DIRECTORY,
  openat,
  RtError,
  rawSyscall,
  SEEK_CUR,
  SyscallError,
  syscall,
  syscallNumber,
} from '@rt/sys'
import { describe, expect, it } from 'vitest'

const raw = (name: Parameters<typeof syscallNumber>[0], ...args: Parameters<typeof rawSyscall>[1]) =>
  rawSyscall(syscallNumber(name), args)

const thrown = (action: () => unknown): unknown => {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('rawSyscall', () => {
  it('gives the result, or minus the errno', () => {
    expect(raw('getpid')).toBe(process.pid)
    expect(raw('close', -1)).toBe(-ERRNO.EBADF)
    expect(raw('openat', AT_FDCWD, '/rt-nowhere/x', 0, 0)).toBe(-ERRNO.ENOENT)
  })

  it('keeps an error apart from those of calls in between', () => {
    for (let i = 0; i < 1000; i++) {
      expect(raw('close', -1)).toBe(-ERRNO.EBADF)
      expect(raw('chdir', '/rt-nowhere')).toBe(-ERRNO.ENOENT)
    }
  })

  it('passes numbers and bigints of either sign, in 64 bits', () => {
    const fd = openSync('/proc/self/exe', 'r')
    expect(raw('lseek', fd, 2 ** 40, 0)).toBe(2 ** 40)
    expect(raw('lseek', fd, -(2 ** 39), SEEK_CUR)).toBe(2 ** 39)
    expect(raw('lseek', fd, 0xffffffffffffffffn, SEEK_CUR)).toBe(2 ** 39 - 1)
    expect(raw('lseek', fd, -1n, SEEK_CUR)).toBe(2 ** 39 - 2)
    close(fd)
  })

  it('passes text as UTF-8, and memory in place', () => {
    const target = new Uint8Array(64)
    const size = raw('readlinkat', AT_FDCWD, '/proc/self/exe', target, target.length)
    expect(Buffer.from(target.subarray(0, size)).toString()).toBe(process.execPath)
    // Memory that is part of a larger one.
    const part = Buffer.alloc(128).subarray(32, 96)
    expect(raw('readlinkat', AT_FDCWD, Buffer.from('/proc/self/exe\0'), part, 4)).toBe(4)
    expect(part.subarray(0, 5).toString('latin1')).toBe(`${process.execPath.slice(0, 4)}\0`)
    expect(raw('openat', AT_FDCWD, '/rt-nowhere-ü-你', 0, 0)).toBe(-ERRNO.ENOENT)
  })

  it('passes zero for arguments left out', () => {
    // Bits that are not zero in the rest are EINVAL.
    expect(raw('close', raw('pidfd_open', process.pid))).toBe(0)
    for (let i = 0; i < 100; i++) {
      raw('prctl', 1e9, -1, -1, -1, -1)
      expect(raw('prctl', 39)).toBeGreaterThanOrEqual(0)
    }
  })

  it('refuses text with a NUL in it', () => {
    expect(() => raw('chdir', '/tmp\0/x')).toThrow(RtError)
    expect(() => raw('chdir', '/tmp\0/x')).toThrow('expected text without a NUL byte, got "/tmp\\u0000/x"')
  })

  it('reads pointers within structs', () => {
    const text = Buffer.from('x')
    const iovec = new BigUint64Array([addressOf(text), 1n])
    const fds = new Int32Array(2)
    raw('pipe2', new Uint8Array(fds.buffer), 0)
    const [from, to] = [fds[0] as number, fds[1] as number]
    expect(raw('writev', to, new Uint8Array(iovec.buffer), 1)).toBe(1)
    const got = Buffer.alloc(4)
    expect(raw('read', from, got, 4)).toBe(1)
    expect(got.toString('latin1')).toBe('x\0\0\0')
    for (const fd of [from, to]) close(fd)
  })

  it('knows calls that the kernel does not', () => {
    expect(rawSyscall(100_000, [])).toBe(-ERRNO.ENOSYS)
  })
})

describe('syscall', () => {
  it('prints the call, fds with what they stand for', () => {
    const fd = openat(AT_FDCWD, '/tmp', 0)
    const error = thrown(() => syscall('mkdirat', fd, 'no/such', 0o755)) as SyscallError
    close(fd)
    expect(SyscallError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ code: 'ENOENT', errno: -2, syscall: 'mkdirat', path: '/tmp/no/such' })
    expect(error.message).toBe("ENOENT: no such file or directory, mkdirat '/tmp/no/such'")
    expect(error.call).toBe(`mkdirat(${fd}</tmp>, "no/such", 0755) = -1 ENOENT (No such file or directory)`)
  })

  it('fills path and dest as Node does', () => {
    const link = thrown(() => syscall('linkat', AT_FDCWD, '/rt-nowhere/a', AT_FDCWD, 'b', 0))
    expect(link).toMatchObject({ path: '/rt-nowhere/a', dest: 'b' })
    const mount = thrown(() => syscall('mount', '/rt-nowhere/a', '/rt-nowhere/b', null, 0x1000, null))
    expect(mount).toMatchObject({ path: '/rt-nowhere/a', dest: '/rt-nowhere/b' })
    const bytes = thrown(() => syscall('chdir', Buffer.from('/rt-nowhere\0')))
    expect(bytes).toMatchObject({ path: '/rt-nowhere' })
    const fd = openat(AT_FDCWD, '/proc/self/status', 0)
    const self = thrown(() => syscall('openat', fd, 'x', 0))
    expect(self).toMatchObject({ path: `/proc/${process.pid}/status/x`, code: 'ENOTDIR' })
    close(fd)
    // Beneath the root there is one slash, not two; a path from the root is nobody's child; an empty one is the fd's own.
    const root = openat(AT_FDCWD, '/', O_DIRECTORY)
    expect(thrown(() => syscall('openat', root, 'rt-nowhere', 0))).toMatchObject({ path: '/rt-nowhere' })
    expect(thrown(() => syscall('openat', root, '/rt-nowhere', 0))).toMatchObject({ path: '/rt-nowhere' })
    expect(thrown(() => syscall('openat', root, '', 0))).toMatchObject({ path: '/' })
    close(root)
    expect(thrown(() => syscall('close', -1))).not.toHaveProperty('path')
  })

  it('gives an address as a result', () => {
    const size = 4096
    const address = syscall('mmap', null, size, 1, 0x22, -1, 0)
    expect(address % size).toBe(0)
    expect(syscall('munmap', address, size)).toBe(0)
    expect(() => syscall('mmap', null, 0, 1, 0x22, -1, 0)).toThrow('EINVAL')
  })
})

it('the kernel has what the minimum of 5.15 has', () => {
  expect(hasSyscall('openat2')).toBe(true)
  expect(raw('openat2', -1, 'x', null, 0)).not.toBe(-ERRNO.ENOSYS)
  expect(raw('mount_setattr', -1, 'x', 0, null, 0)).not.toBe(-ERRNO.ENOSYS)
  expect(readFileSync('/proc/sys/kernel/osrelease', 'utf8')).toMatch(/^\d+\.\d+/)
})
