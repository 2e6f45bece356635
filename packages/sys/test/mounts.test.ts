// requires root: mounts, in a mount namespace of the test's own

import { spawn } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { release } from 'node:os'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  attachMount,
  CLONE_NEWNS,
  close,
  contextMessages,
  FSPICK_EMPTY_PATH,
  fsconfigBinary,
  fsconfigCreate,
  fsconfigFd,
  fsconfigFlag,
  fsconfigReconfigure,
  fsconfigString,
  fsmount,
  fsopen,
  fspick,
  listmount,
  MNT_DETACH,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_RELATIME,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_BIND,
  MS_NODEV,
  MS_RDONLY,
  MS_SHARED,
  mount,
  mountBind,
  mountChange,
  mountMove,
  mountRemount,
  mountSetattr,
  moveMount,
  OPEN_TREE_CLONE,
  openat,
  openTree,
  STATX_ATTR_MOUNT_ROOT,
  STATX_MNT_ID_UNIQUE,
  type SyscallError,
  statmount,
  statx,
  UMOUNT_NOFOLLOW,
  umount2,
  unshare,
} from '@rt/sys'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { kernelIs, needsRoot } from './root-only.js'

const isRoot = process.platform === 'linux' && process.getuid?.() === 0
let base = ''

beforeAll(() => {
  if (!isRoot) return
  base = mkdtempSync('/tmp/rt-mounts-')
  // Of this thread; it ends with the process, and the mounts with it.
  unshare(CLONE_NEWNS)
  mountChange('/', 'private', true)
})
beforeEach((context) => {
  needsRoot(context)
  mount('rt', base, 'tmpfs', MS_NODEV, 'size=1m,mode=700')
  for (const name of ['a', 'b', 'a/sub']) mkdirSync(`${base}/${name}`)
  writeFileSync(`${base}/a/file`, 'text')
})
afterEach(() => {
  if (isRoot) umount2(base, MNT_DETACH)
})
afterAll(() => {
  if (isRoot) rmdirSync(base)
})

/** Lines of mountinfo about what is beneath a path: `mountpoint options [propagation] - type source`. */
const mounts = (path: string): string[] =>
  readFileSync('/proc/thread-self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ').slice(4))
    .filter(([point]) => point?.startsWith(path))
    .map((fields) => fields.slice(0, -1).join(' ').replace(base, ''))

const failure = (action: () => unknown): SyscallError => {
  try {
    action()
  } catch (error) {
    return error as SyscallError
  }
  throw new Error('nothing was thrown')
}

describe('mount', () => {
  it('mounts a file system with its options', () => {
    expect(mounts(base)).toEqual([' rw,nodev,relatime - tmpfs rt'])
    expect(statSync(base).mode & 0o777).toBe(0o700)
  })

  it('says what failed, with path, dest and a hint', () => {
    expect(failure(() => mount('none', `${base}/none`, 'tmpfs'))).toMatchObject({
      code: 'ENOENT',
      path: 'none',
      dest: `${base}/none`,
      call: `mount("none", "${base}/none", "tmpfs", 0, NULL) = -1 ENOENT (No such file or directory)`,
    })
    const unknown = failure(() => mount(null, base, 'nosuchfs'))
    expect(unknown).toMatchObject({ code: 'ENODEV', path: base })
    expect(unknown.hint).toContain('/proc/filesystems')
  })

  it('takes paths of bytes', () => {
    const name = Buffer.concat([Buffer.from(`${base}/`), Buffer.of(0xff)])
    mkdirSync(name)
    mount('bytes', name, 'tmpfs')
    expect(statx(AT_FDCWD, name).attributes & BigInt(STATX_ATTR_MOUNT_ROOT)).not.toBe(0n)
    umount2(name)
  })
})

describe('mountBind', () => {
  it('shows a directory at a second place, mounts beneath only if recursive', () => {
    mount('sub', `${base}/a/sub`, 'tmpfs')
    writeFileSync(`${base}/a/sub/deep`, '')
    mountBind(`${base}/a`, `${base}/b`)
    expect(readdirSync(`${base}/b/sub`)).toEqual([])
    mountBind(`${base}/a`, `${base}/b`, true)
    expect(readdirSync(`${base}/b/sub`)).toEqual(['deep'])
    expect(readFileSync(`${base}/b/file`, 'utf8')).toBe('text')
  })

  it('refuses a file on a directory, with the remedy', () => {
    expect(failure(() => mountBind(`${base}/a/file`, `${base}/b`))).toMatchObject({
      code: 'ENOTDIR',
      hint: 'source and destination must both be directories or both be files',
    })
  })
})

describe('mountRemount', () => {
  it('makes one mount read-only', () => {
    mountBind(`${base}/a`, `${base}/b`)
    mountRemount(`${base}/b`, MS_BIND | MS_RDONLY)
    expect(() => writeFileSync(`${base}/b/file`, '')).toThrow('EROFS')
    writeFileSync(`${base}/a/file`, 'still')
    expect(mounts(`${base}/b`)).toEqual(['/b ro,relatime - tmpfs rt'])
  })

  it('changes options of the file system', () => {
    mountRemount(base, MS_NODEV, 'size=4k')
    expect(() => writeFileSync(`${base}/large`, Buffer.alloc(100_000))).toThrow('ENOSPC')
  })
})

describe('mountChange', () => {
  it('sets propagation, of one or of all beneath', () => {
    mount('sub', `${base}/a/sub`, 'tmpfs')
    mountChange(base, 'shared', true)
    expect(mounts(base).map((line) => line.includes('shared:'))).toEqual([true, true])
    mountChange(base, 'private')
    expect(mounts(base).map((line) => line.includes('shared:'))).toEqual([false, true])
    mountChange(`${base}/a/sub`, 'unbindable')
    expect(mounts(`${base}/a/sub`)[0]).toContain('unbindable')
    expect(() => mountBind(`${base}/a/sub`, `${base}/b`)).toThrow('EINVAL')
  })
})

describe('mountMove and umount2', () => {
  it('move a mount, and take it away', () => {
    mount('sub', `${base}/a/sub`, 'tmpfs')
    mountMove(`${base}/a/sub`, `${base}/b`)
    expect(mounts(base).map((line) => line.split(' ')[0])).toEqual(['', '/b'])
    expect(() => umount2(`${base}/a/sub`)).toThrow('EINVAL')
    const fd = openSync(`${base}/b`, 'r')
    expect(failure(() => umount2(`${base}/b`)).hint).toContain('MNT_DETACH')
    umount2(`${base}/b`, MNT_DETACH | UMOUNT_NOFOLLOW)
    close(fd)
    expect(mounts(base)).toHaveLength(1)
  })
})

describe('fsopen, fsconfig, fsmount, move_mount', () => {
  it('mount a file system by fds alone', () => {
    const context = fsopen('tmpfs')
    fsconfigString(context, 'source', 'by-fd')
    fsconfigString(context, 'mode', '750')
    fsconfigFlag(context, 'noswap')
    fsconfigCreate(context)
    const tree = fsmount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)
    close(context)
    const target = openTree(AT_FDCWD, `${base}/b`)
    attachMount(tree, target)
    expect(mounts(`${base}/b`)).toEqual(['/b rw,nosuid,noexec,relatime - tmpfs by-fd'])
    expect(statSync(`${base}/b`).mode & 0o777).toBe(0o750)
    for (const fd of [tree, target]) close(fd)
  })

  it('say why an option is refused', () => {
    const context = fsopen('tmpfs')
    expect(failure(() => fsconfigString(context, 'nosuch', 'x'))).toMatchObject({ code: 'EINVAL', syscall: 'fsconfig' })
    expect(contextMessages(context)).toEqual(["e tmpfs: Unknown parameter 'nosuch'"])
    expect(contextMessages(context)).toEqual([])
    expect(failure(() => fsconfigBinary(context, 'size', Buffer.of(0, 1))).call).toBe(
      `fsconfig(${context}<anon_inode:[fscontext]>, FSCONFIG_SET_BINARY, "size", "\\0\\1", 2) = -1 EINVAL (Invalid argument)`,
    )
    expect(() => fsmount(context)).toThrow('EINVAL')
    close(context)
    expect(failure(() => fsopen('nosuchfs')).hint).toContain('/proc/filesystems')
  })

  it('configure overlay by names and by fds', (context) => {
    if (!kernelIs(6, 13, release())) context.skip('overlay takes layers as fds since Linux 6.13')
    for (const name of ['upper', 'work', 'merged']) mkdirSync(`${base}/${name}`)
    const overlay = fsopen('overlay')
    const layer = openTree(AT_FDCWD, `${base}/a`)
    fsconfigString(overlay, 'source', 'rt-overlay')
    fsconfigFd(overlay, 'lowerdir+', layer)
    const upper = openTree(AT_FDCWD, `${base}/upper`)
    fsconfigFd(overlay, 'upperdir', upper)
    fsconfigString(overlay, 'workdir', `${base}/work`)
    fsconfigCreate(overlay)
    const tree = fsmount(overlay)
    moveMount(tree, '', AT_FDCWD, `${base}/merged`, MOVE_MOUNT_F_EMPTY_PATH)
    for (const fd of [overlay, layer, upper, tree]) close(fd)
    writeFileSync(`${base}/merged/file`, 'changed')
    expect(readFileSync(`${base}/upper/file`, 'utf8')).toBe('changed')
    expect(readFileSync(`${base}/a/file`, 'utf8')).toBe('text')
  })

  it('change a mounted file system: fspick and reconfigure', () => {
    const fd = openTree(AT_FDCWD, base)
    const context = fspick(fd, '', FSPICK_EMPTY_PATH)
    fsconfigFlag(context, 'ro')
    fsconfigReconfigure(context)
    expect(() => writeFileSync(`${base}/x`, '')).toThrow('EROFS')
    for (const open of [context, fd]) close(open)
    expect(() => fspick(AT_FDCWD, `${base}/a`)).toThrow('EINVAL')
  })
})

describe('openTree and mountSetattr', () => {
  it('make a detached copy, with attributes for all of it', () => {
    mount('sub', `${base}/a/sub`, 'tmpfs')
    const tree = openTree(AT_FDCWD, `${base}/a`, OPEN_TREE_CLONE | AT_RECURSIVE)
    mountSetattr(tree, '', AT_EMPTY_PATH | AT_RECURSIVE, {
      set: MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID,
      clear: MOUNT_ATTR_NODEV,
      propagation: 'shared',
    })
    moveMount(tree, '', AT_FDCWD, `${base}/b`, MOVE_MOUNT_F_EMPTY_PATH)
    close(tree)
    expect(mounts(`${base}/b`).map((line) => line.replace(/shared:\d+/, 'shared'))).toEqual([
      '/b ro,nosuid,relatime shared - tmpfs rt',
      '/b/sub ro,nosuid,relatime shared - tmpfs sub',
    ])
    expect(mounts(`${base}/a`)).toEqual(['/a/sub rw,relatime - tmpfs sub'])
  })

  it('change the atime mode, which is an enumeration', () => {
    const tree = openTree(AT_FDCWD, `${base}/a`, OPEN_TREE_CLONE)
    const options = (set: number) => {
      mountSetattr(tree, '', AT_EMPTY_PATH, { set, clear: 0x70 })
      const copy = openTree(tree, '', OPEN_TREE_CLONE | AT_EMPTY_PATH)
      moveMount(copy, '', AT_FDCWD, `${base}/b`, MOVE_MOUNT_F_EMPTY_PATH)
      close(copy)
      const [line] = mounts(`${base}/b`)
      umount2(`${base}/b`)
      return line?.split(' ')[1]
    }
    expect(options(0x10)).toBe('rw,nodev,noatime')
    mountSetattr(tree, '', AT_EMPTY_PATH, { set: 0x20 })
    expect(options(MOUNT_ATTR_RELATIME)).toBe('rw,nodev,relatime')
    close(tree)
  })

  it('show files by the id maps of a user namespace', async (context) => {
    if (!kernelIs(6, 3, release())) context.skip('tmpfs is id-mapped since Linux 6.3')
    const holder = spawn('unshare', ['--user', 'sleep', '60'], { stdio: 'ignore' })
    try {
      const maps = `/proc/${holder.pid}`
      // Until unshare(1) is in its user namespace, the map cannot be written.
      for (;;) {
        try {
          writeFileSync(`${maps}/uid_map`, '0 1000 10')
          writeFileSync(`${maps}/gid_map`, '0 2000 10')
          break
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
      }
      const userNamespace = openat(AT_FDCWD, `${maps}/ns/user`, 0)
      const tree = openTree(AT_FDCWD, `${base}/a`, OPEN_TREE_CLONE)
      mountSetattr(tree, '', AT_EMPTY_PATH, { userNamespace })
      moveMount(tree, '', AT_FDCWD, `${base}/b`, MOVE_MOUNT_F_EMPTY_PATH)
      for (const fd of [tree, userNamespace]) close(fd)
      expect(statSync(`${base}/a/file`)).toMatchObject({ uid: 0, gid: 0 })
      expect(statSync(`${base}/b/file`)).toMatchObject({ uid: 1000, gid: 2000 })
    } finally {
      holder.kill('SIGKILL')
    }
  })
})

describe('statmount and listmount', () => {
  it('tell what mountinfo does, by the unique id', (context) => {
    if (!kernelIs(6, 8, release())) context.skip('statmount(2) is there since Linux 6.8')
    mountChange(base, 'shared')
    mkdirSync(`${base}/${'long'.repeat(60)}`)
    const sub = `${base}/${'long'.repeat(60)}`
    mount('sub', sub, 'tmpfs', MS_RDONLY)
    const id = statx(AT_FDCWD, base, 0, STATX_MNT_ID_UNIQUE).mount
    const status = statmount(id)
    expect(status).toMatchObject({ id, type: 'tmpfs', root: '/', point: base, propagation: BigInt(MS_SHARED) })
    expect(status.attributes & BigInt(MOUNT_ATTR_NODEV)).not.toBe(0n)
    expect(status.peerGroup).toBeGreaterThan(0n)
    const child = statmount(statx(AT_FDCWD, sub, 0, STATX_MNT_ID_UNIQUE).mount)
    expect(child).toMatchObject({ parent: id, point: sub, type: 'tmpfs' })
    expect(child.attributes & BigInt(MOUNT_ATTR_RDONLY)).not.toBe(0n)
    expect(listmount(id)).toEqual([child.id])
    expect(listmount()).toContain(child.id)
    const gone = failure(() => statmount(0x7fffffffffffffffn))
    expect(gone).toMatchObject({ code: 'ENOENT', syscall: 'statmount' })
    expect(gone.call).toContain('mnt_id=0x7fffffffffffffff')
    umount2(sub)
  })

  it('tell paths that are longer than expected', (context) => {
    if (!kernelIs(6, 8, release())) context.skip('statmount(2) is there since Linux 6.8')
    mount('outer', `${base}/b`, 'tmpfs')
    const deep = [`${base}/b`, ...Array.from({ length: 12 }, (_, index) => `${index}`.repeat(255).slice(0, 255))].join(
      '/',
    )
    mkdirSync(deep, { recursive: true })
    mount('deep', deep, 'tmpfs')
    expect(statmount(statx(AT_FDCWD, deep, 0, STATX_MNT_ID_UNIQUE).mount).point).toBe(deep)
    umount2(deep)
    umount2(`${base}/b`)
  })

  it('list more mounts than fit one call', (context) => {
    if (!kernelIs(6, 8, release())) context.skip('listmount(2) is there since Linux 6.8')
    for (let i = 0; i < 300; i++) mount('many', `${base}/b`, 'tmpfs')
    const ids = listmount()
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThan(300)
    expect(ids).toContain(statx(AT_FDCWD, `${base}/b`, 0, STATX_MNT_ID_UNIQUE).mount)
  })
})
