// npx vitest bench packages/sys: what a direct call costs, beside Node's own way to the same system call
import { chmodSync, closeSync, lchownSync, lutimesSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  close,
  fchmodat,
  fchownat,
  openat2,
  RESOLVE_IN_ROOT,
  rawSyscall,
  syscall,
  syscallNumber,
  utimensat,
} from '@rt/sys'
import { afterAll, bench, describe } from 'vitest'

const base = mkdtempSync('/dev/shm/rt-bench-')
const file = `${base}/file`
writeFileSync(file, '')
const directory = openSync(base, 'r')
afterAll(() => {
  closeSync(directory)
  rmSync(base, { recursive: true })
})

describe('the call itself', () => {
  const number = syscallNumber('getppid')
  const name = Buffer.from('file\0')
  bench('rawSyscall, no arguments', () => void rawSyscall(number, []))
  bench('rawSyscall, text among three arguments', () => void rawSyscall(number, [1, 'file', 3]))
  bench('rawSyscall, bytes among three arguments', () => void rawSyscall(number, [1, name, 3]))
  bench('syscall by name', () => void syscall('getppid'))
})

describe('open and close', () => {
  bench('openat2 within a root', () => close(openat2(directory, 'file', { flags: 0, resolve: RESOLVE_IN_ROOT })))
  bench('node:fs', () => closeSync(openSync(file, 'r')))
})

describe('owner', () => {
  bench('fchownat', () => fchownat(directory, 'file', 0, 0, AT_SYMLINK_NOFOLLOW))
  bench('node:fs', () => lchownSync(file, 0, 0))
})

describe('mode', () => {
  bench('fchmodat', () => fchmodat(AT_FDCWD, file, 0o644))
  bench('node:fs', () => chmodSync(file, 0o644))
})

describe('times', () => {
  bench('utimensat', () => utimensat(directory, 'file', 1_700_000_000_123_456_789n, 'omit', AT_SYMLINK_NOFOLLOW))
  bench('node:fs', () => lutimesSync(file, 1_700_000_000, 1_700_000_000))
})
