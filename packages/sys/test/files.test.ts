// requires root: owners, devices and trusted xattrs; strace, which makes the kernel say EAGAIN
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { release } from 'node:os'
import { fileURLToPath } from 'node:url'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  addSeals,
  CLOSE_RANGE_CLOEXEC,
  close,
  closeRange,
  F_SEAL_SEAL,
  F_SEAL_WRITE,
  fchmod,
  fchmodat,
  fchmodat2,
  fchown,
  fchownat,
  fgetxattr,
  flistxattr,
  flock,
  fremovexattr,
  fsetxattr,
  fstatfs,
  futimens,
  getSeals,
  LOCK_UN,
  lchown,
  lgetxattr,
  linkat,
  llistxattr,
  lremovexattr,
  lsetxattr,
  MFD_ALLOW_SEALING,
  makedev,
  memfdCreate,
  memfdCreateExecutable,
  mkdirat,
  mknodat,
  O_CREAT,
  O_DIRECTORY,
  O_PATH,
  O_RDWR,
  O_WRONLY,
  openat,
  openat2,
  PROC_SUPER_MAGIC,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_SYMLINKS,
  readlinkat,
  renameat2,
  rmdirat,
  S_IFCHR,
  S_IFIFO,
  STATX_ATTR_MOUNT_ROOT,
  type SyscallError,
  statfs,
  statx,
  symlinkat,
  syscall,
  tryFlock,
  unlinkat,
  utimensat,
  XATTR_CREATE,
} from '@rt/sys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kernelIs, needsRoot } from './root-only.js'
import { canStrace } from './strace.js'

const tsx = createRequire(import.meta.url).resolve('tsx/cjs/api')
const source = fileURLToPath(new URL('../src/index.ts', import.meta.url))

let base = ''
let directory = -1

beforeEach(() => {
  base = mkdtempSync('/tmp/rt-files-')
  directory = openat(AT_FDCWD, base, O_DIRECTORY)
})
afterEach(() => {
  close(directory)
  rmSync(base, { recursive: true })
})

const fdFlags = (fd: number) => syscall('fcntl', fd, 1)

describe('names in directories', () => {
  it('mkdirat, symlinkat, readlinkat, linkat, renameat2, unlinkat, rmdirat', () => {
    mkdirat(directory, 'd', 0o751)
    expect(statSync(`${base}/d`).mode & 0o777).toBe(0o751)
    symlinkat('d/target', directory, 'link')
    expect(readlinkat(directory, 'link').toString()).toBe('d/target')
    writeFileSync(`${base}/file`, 'text')
    linkat(directory, 'file', directory, 'd/hard')
    expect(statSync(`${base}/d/hard`).nlink).toBe(2)
    renameat2(directory, 'd/hard', directory, 'moved')
    expect(() => renameat2(directory, 'link', directory, 'moved', RENAME_NOREPLACE)).toThrow('EEXIST')
    renameat2(directory, 'link', directory, 'moved', RENAME_EXCHANGE)
    expect(readlinkSync(`${base}/moved`)).toBe('d/target')
    unlinkat(directory, 'moved')
    expect(() => unlinkat(directory, 'd')).toThrow('EISDIR')
    rmdirat(directory, 'd')
    expect(readdirSync(base).sort()).toEqual(['file', 'link'])
  })

  it('linkat follows a symlink only if asked', () => {
    writeFileSync(`${base}/file`, '')
    symlinkSync('file', `${base}/link`)
    linkat(directory, 'link', directory, 'one')
    linkat(directory, 'link', directory, 'two', AT_SYMLINK_FOLLOW)
    expect(lstatSync(`${base}/one`).isSymbolicLink()).toBe(true)
    expect(lstatSync(`${base}/two`).isFile()).toBe(true)
  })

  it('mknodat makes devices and fifos', (context) => {
    mknodat(directory, 'fifo', S_IFIFO | 0o600)
    expect(lstatSync(`${base}/fifo`).isFIFO()).toBe(true)
    needsRoot(context)
    mknodat(directory, 'null', S_IFCHR | 0o666, makedev(1, 3))
    expect(statx(directory, 'null').rdev).toEqual({ major: 1, minor: 3 })
    // The numbers that do not fit the old 8 + 8 bits.
    mknodat(directory, 'large', S_IFCHR | 0o600, makedev(0xabc, 0x12345))
    expect(statx(directory, 'large').rdev).toEqual({ major: 0xabc, minor: 0x12345 })
    mknodat(directory, 'whiteout', S_IFCHR)
    expect(statx(directory, 'whiteout').rdev).toEqual({ major: 0, minor: 0 })
  })

  it('take names that are not UTF-8, with or without the NUL', () => {
    const name = Buffer.of(0x66, 0xff, 0x80)
    mkdirat(directory, name, 0o700)
    expect(readdirSync(base, { encoding: 'buffer' })).toEqual([name])
    rmdirat(directory, Buffer.concat([name, Buffer.of(0)]))
    expect(readdirSync(base)).toEqual([])
    expect(() => mkdirat(directory, Buffer.of(0x61, 0, 0x62), 0o700)).toThrow('expected bytes without a NUL inside')
    expect(() => mkdirat(directory, 'a\0b', 0o700)).toThrow('expected text without a NUL')
  })
})

describe('openat2', () => {
  beforeEach(() => {
    mkdirSync(`${base}/root/etc`, { recursive: true })
    writeFileSync(`${base}/root/etc/passwd`, 'inside')
    writeFileSync(`${base}/secret`, 'outside')
    symlinkSync('/etc/passwd', `${base}/root/absolute`)
    symlinkSync('../../../../../../secret', `${base}/root/up`)
  })

  it('keeps a path within its root', () => {
    const root = openat2(directory, 'root', { flags: O_PATH | O_DIRECTORY })
    const read = (path: string) => {
      const fd = openat2(root, path, { flags: 0, resolve: RESOLVE_IN_ROOT })
      const text = readFileSync(fd, 'utf8')
      close(fd)
      return text
    }
    for (const path of ['etc/passwd', '/etc/passwd', '../../etc/passwd', 'absolute', 'etc/../absolute']) {
      expect(read(path), path).toBe('inside')
    }
    expect(() => read('up')).toThrow('ENOENT')
    const beneath = () => openat2(root, 'up', { flags: 0, resolve: RESOLVE_BENEATH })
    expect(beneath).toThrow('EXDEV')
    const error = (() => {
      try {
        return beneath()
      } catch (thrown) {
        return thrown
      }
    })() as SyscallError
    expect(error).toMatchObject({
      path: `${base}/root/up`,
      call: `openat2(${root}<${base}/root>, "up", {flags=O_RDONLY|O_CLOEXEC, resolve=RESOLVE_BENEATH}, 24) = -1 EXDEV (Invalid cross-device link)`,
      hint: expect.stringContaining('out of its root'),
    })
    expect(() => openat2(root, 'absolute', { flags: 0, resolve: RESOLVE_NO_SYMLINKS })).toThrow('ELOOP')
    close(root)
  })

  it('makes files with a mode, close-on-exec', () => {
    const fd = openat2(directory, 'new', { flags: O_CREAT | O_WRONLY, mode: 0o640 })
    expect(fstatSync(fd).mode & 0o777).toBe(0o640)
    expect(fdFlags(fd)).toBe(1)
    close(fd)
    expect(() => openat2(directory, 'new', { flags: 0, mode: 0o640 })).toThrow('EINVAL')
  })

  it.for([
    ['while the kernel is unsure', '1..63', 'opened'],
    ['64 times and no more', '1+', 'EAGAIN'],
  ])('asks again %s', ([, when, expected], context) => {
    if (!canStrace()) context.skip('needs strace, perl and the right to ptrace')
    const script = `
      require(${JSON.stringify(tsx)}).register()
      const { openat2 } = require(${JSON.stringify(source)})
      try { openat2(-100, '/', { flags: 0 }); console.log('opened') } catch (error) { console.log(error.code) }`
    const inject = ['-e', 'trace=openat2', '-e', `inject=openat2:error=EAGAIN:when=${when}`]
    const options = ['-f', '-qq', '-o', `${base}/trace`, ...inject]
    const { stdout, stderr } = spawnSync('strace', [...options, process.execPath, '-e', script], { encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: `${expected}\n`, stderr: '' })
    expect(readFileSync(`${base}/trace`, 'utf8').match(/openat2\(/g)).toHaveLength(64)
  })
})

describe('close and closeRange', () => {
  it('close fds, or mark them', () => {
    const first = syscall('fcntl', directory, 0, 5000)
    const second = syscall('fcntl', directory, 0, 5001)
    closeRange(5000, 5000, CLOSE_RANGE_CLOEXEC)
    expect([fdFlags(first), fdFlags(second)]).toEqual([1, 0])
    closeRange(5000, 5001)
    expect(() => close(first)).toThrow('EBADF')
    expect(() => closeRange(2, 1)).toThrow('EINVAL')
  })
})

describe('owner, mode and times', () => {
  it('change by path and by fd, of symlinks themselves', (context) => {
    needsRoot(context)
    writeFileSync(`${base}/file`, '')
    symlinkSync('file', `${base}/link`)
    const file = openat(directory, 'file', O_RDWR)
    fchownat(directory, 'link', 1, 2, AT_SYMLINK_NOFOLLOW)
    fchownat(directory, 'link', 3, 4)
    expect(lstatSync(`${base}/link`)).toMatchObject({ uid: 1, gid: 2 })
    expect(lstatSync(`${base}/file`)).toMatchObject({ uid: 3, gid: 4 })
    lchown(`${base}/link`, -1, 7)
    expect(lstatSync(`${base}/link`)).toMatchObject({ uid: 1, gid: 7 })
    fchown(file, 5, -1)
    expect(fstatSync(file)).toMatchObject({ uid: 5, gid: 4 })
    const handle = openat(directory, 'file', O_PATH)
    fchownat(handle, '', 9, 9, AT_EMPTY_PATH)
    expect(fstatSync(file)).toMatchObject({ uid: 9, gid: 9 })
    fchmod(file, 0o4751)
    expect(fstatSync(file).mode & 0o7777).toBe(0o4751)
    fchmodat(directory, 'link', 0o600)
    expect(fstatSync(file).mode & 0o7777).toBe(0o600)
    expect(() => fchmod(handle, 0o600)).toThrow('EBADF')
    for (const fd of [file, handle]) close(fd)
  })

  it('changes the mode of an O_PATH fd', (context) => {
    if (!kernelIs(6, 6, release())) context.skip('fchmodat2(2) is there since Linux 6.6')
    writeFileSync(`${base}/file`, '')
    symlinkSync('file', `${base}/link`)
    const handle = openat(directory, 'file', O_PATH)
    fchmodat2(handle, '', 0o604, AT_EMPTY_PATH)
    expect(statSync(`${base}/file`).mode & 0o777).toBe(0o604)
    close(handle)
    expect(() => fchmodat2(directory, 'link', 0o600, AT_SYMLINK_NOFOLLOW)).toThrow('EOPNOTSUPP')
  })

  it.for([
    [1_700_000_000_123_456_789n, 1_600_000_000_999_999_999n],
    [0n, 1n],
    [-1n, -1_000_000_000n],
    [-1_500_000_000n, 4_294_967_296_000_000_001n],
  ] as const)('keep nanoseconds: %s, %s', ([accessed, modified]) => {
    writeFileSync(`${base}/file`, '')
    symlinkSync('file', `${base}/link`)
    utimensat(directory, 'link', accessed, modified, AT_SYMLINK_NOFOLLOW)
    expect(statx(directory, 'link', AT_SYMLINK_NOFOLLOW)).toMatchObject({ accessed, modified })
    expect(statx(directory, 'file').modified).not.toBe(modified)
    const fd = openat(directory, 'file', 0)
    futimens(fd, accessed, modified)
    expect(statx(fd, '', AT_EMPTY_PATH)).toMatchObject({ accessed, modified })
    close(fd)
  })

  it('know now, and as it is', () => {
    writeFileSync(`${base}/file`, '')
    utimensat(directory, 'file', 5n, 6n)
    utimensat(directory, 'file', 'now', 'omit')
    const { accessed, modified } = statx(directory, 'file')
    expect(modified).toBe(6n)
    expect(Math.abs(Number(accessed / 1_000_000n) - Date.now())).toBeLessThan(60_000)
  })
})

describe('statx, statfs, fstatfs', () => {
  it('agree with Node', () => {
    writeFileSync(`${base}/file`, 'x'.repeat(5000), { mode: 0o640 })
    linkSync(`${base}/file`, `${base}/second`)
    const node = lstatSync(`${base}/file`, { bigint: true })
    const status = statx(directory, 'file')
    expect(status).toMatchObject({
      mode: Number(node.mode),
      uid: Number(node.uid),
      gid: Number(node.gid),
      inode: node.ino,
      links: 2,
      size: 5000n,
      blocks: node.blocks,
      accessed: node.atimeNs,
      modified: node.mtimeNs,
      changed: node.ctimeNs,
    })
    expect((status.device.major << 8) | status.device.minor).toBe(Number(node.dev))
    expect(status.attributes & BigInt(STATX_ATTR_MOUNT_ROOT)).toBe(0n)
    expect(statx(AT_FDCWD, '/proc').attributes & BigInt(STATX_ATTR_MOUNT_ROOT)).not.toBe(0n)
    expect(() => statx(directory, 'none')).toThrow('ENOENT')
  })

  it('tell the file system', () => {
    expect(statfs('/proc').type).toBe(PROC_SUPER_MAGIC)
    const status = fstatfs(directory)
    expect(status).toEqual({ ...statfs(base), blocksFree: status.blocksFree, blocksAvailable: status.blocksAvailable })
    expect(status.nameLength).toBe(255)
    expect(status.blocks).toBeGreaterThan(0n)
    expect(status.blockSize).toBeGreaterThanOrEqual(512)
  })
})

describe('extended attributes', () => {
  it('of symlinks and of open files', (context) => {
    needsRoot(context)
    const path = `${base}/file`
    writeFileSync(path, '')
    symlinkSync('file', `${base}/link`)
    const binary = Buffer.from([0, 1, 255, 0])
    lsetxattr(path, 'trusted.binary', binary)
    lsetxattr(`${base}/link`, 'trusted.link', Buffer.from('l'))
    expect(lgetxattr(path, 'trusted.binary')).toEqual(binary)
    expect(llistxattr(path)).toContain('trusted.binary')
    expect(llistxattr(`${base}/link`)).toContain('trusted.link')
    expect(() => lsetxattr(path, 'trusted.binary', binary, XATTR_CREATE)).toThrow('EEXIST')
    lremovexattr(path, 'trusted.binary')
    expect(() => lgetxattr(path, 'trusted.binary')).toThrow('ENODATA')

    const fd = openat(directory, 'file', O_RDWR)
    fsetxattr(fd, 'trusted.empty', Buffer.alloc(0))
    expect(fgetxattr(fd, 'trusted.empty')).toHaveLength(0)
    // Beyond the first buffer.
    const large = Buffer.alloc(3000, 'x')
    fsetxattr(fd, 'trusted.large', large)
    expect(fgetxattr(fd, 'trusted.large')).toEqual(large)
    expect(flistxattr(fd).sort()).toEqual(expect.arrayContaining(['trusted.empty', 'trusted.large']))
    fremovexattr(fd, 'trusted.empty')
    expect(flistxattr(fd)).not.toContain('trusted.empty')
    close(fd)
    expect(() => lsetxattr(`${base}/link`, 'user.x', binary)).toThrow('EPERM')
  })
})

describe('memfd', () => {
  it('is sealed for good', () => {
    const fd = memfdCreate('rt-test', MFD_ALLOW_SEALING)
    expect(readlinkSync(`/proc/self/fd/${fd}`)).toBe('/memfd:rt-test (deleted)')
    expect(fdFlags(fd)).toBe(1)
    writeSync(fd, 'text')
    addSeals(fd, F_SEAL_WRITE)
    expect(getSeals(fd)).toBe(F_SEAL_WRITE)
    expect(() => writeSync(fd, 'more')).toThrow('EPERM')
    addSeals(fd, F_SEAL_SEAL)
    expect(() => addSeals(fd, F_SEAL_SEAL)).toThrow('fcntl')
    close(fd)
    expect(() => getSeals(directory)).toThrow('EINVAL')
  })

  it('may be executed if asked', () => {
    const fd = memfdCreateExecutable('rt-test', MFD_ALLOW_SEALING)
    expect(fstatSync(fd).mode & 0o111).not.toBe(0)
    addSeals(fd, F_SEAL_WRITE)
    close(fd)
    expect(() => memfdCreateExecutable('x', 1 << 30)).toThrow('EINVAL')
    expect(() => memfdCreate('x'.repeat(300))).toThrow('EINVAL')
  })
})

describe('flock', () => {
  it('locks against other openers', () => {
    const [first, second] = [openat(directory, 'lock', O_CREAT | O_RDWR, 0o600), openat(directory, 'lock', O_RDWR)]
    expect(tryFlock(first)).toBe(true)
    expect(tryFlock(second)).toBe(false)
    expect(tryFlock(second, 'shared')).toBe(false)
    flock(first, LOCK_UN)
    expect(tryFlock(second, 'shared')).toBe(true)
    expect(tryFlock(first, 'shared')).toBe(true)
    expect(tryFlock(first)).toBe(false)
    for (const fd of [first, second]) close(fd)
    expect(() => tryFlock(first)).toThrow('EBADF')
    expect(existsSync(`${base}/lock`)).toBe(true)
  })
})
