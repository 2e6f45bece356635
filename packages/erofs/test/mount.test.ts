// requires root and Linux 6.12, to mount files
import { closeSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fsconfigCreate, fsconfigFlag, fsconfigString, fsmount, fsopen } from '@rt/sys'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/index.js'
import { type DirectoryNode, type FileNode, writeImage } from '../src/index.js'

const metadata = { mode: 0o644, uid: 0, gid: 0, mtime: { seconds: 1, nanoseconds: 2 } }
const directory = (children: Record<string, FileNode>, more: object = {}): DirectoryNode => ({
  type: 'directory',
  ...metadata,
  mode: 0o755,
  children: new Map(Object.entries(children)),
  ...more,
})

/** @returns a path of the mounted image; it is gone after the test */
function mounted(root: DirectoryNode, content: Buffer): string {
  const folder = temporaryFolder('erofs')
  writeFileSync(join(folder, 'index'), writeImage(root, content.length))
  writeFileSync(join(folder, 'content'), content)
  const context = fsopen('erofs')
  fsconfigString(context, 'source', join(folder, 'index'))
  fsconfigString(context, 'device', join(folder, 'content'))
  fsconfigFlag(context, 'ro')
  fsconfigCreate(context)
  const fd = fsmount(context)
  closeSync(context)
  onTestFinished(() => closeSync(fd))
  return `/proc/self/fd/${fd}`
}

it('what was written is what the kernel shows', () => {
  const content = Buffer.alloc(4096)
  content.write('hello\n', 512)
  content.fill('x', 1024, 1024 + 1500)
  const hello: FileNode = { type: 'file', ...metadata, size: 6, offset: 512 }
  const xattrs = new Map([
    ['user.a', Buffer.from('value')],
    ['trusted.overlay.opaque', Buffer.from('y')],
    ['security.capability', Buffer.from('0100000202000000000000000000000000000000', 'hex')],
  ])
  const long = 't'.repeat(1000)
  const names = Array.from({ length: 300 }, (_, index) => `name-${index}-${'n'.repeat(index % 200)}`)
  const many = directory(Object.fromEntries(names.map((name) => [name, { type: 'fifo', ...metadata } as FileNode])))
  const root = directory({
    hello,
    linked: hello,
    large: { type: 'file', ...metadata, uid: 70000, gid: 80000, mode: 0o6755, size: 1500, offset: 1024 },
    empty: { type: 'file', ...metadata, size: 0, offset: 0 },
    short: { type: 'symlink', ...metadata, mode: 0o777, target: 'hello' },
    long: { type: 'symlink', ...metadata, mode: 0o777, target: long },
    null: { type: 'character', ...metadata, major: 1, minor: 3 },
    gone: { type: 'character', ...metadata, major: 0, minor: 0 },
    disk: { type: 'block', ...metadata, major: 259, minor: 70000 },
    marked: directory({ '\xfc\xff': hello }, { xattrs, mode: 0o1777 }),
    many,
  })
  const at = mounted(root, content)
  const stat = (name: string) => lstatSync(join(at, name))
  expect(readdirSync(at).sort()).toEqual([...root.children.keys()].sort())
  expect(readFileSync(join(at, 'hello'), 'utf8')).toBe('hello\n')
  expect(stat('hello')).toMatchObject({ nlink: 3, mtimeMs: 1000 + 2e-6, mode: 0o100644 })
  expect(stat('linked').ino).toBe(stat('hello').ino)
  expect(readFileSync(join(at, 'large'), 'utf8')).toBe('x'.repeat(1500))
  expect(stat('large')).toMatchObject({ uid: 70000, gid: 80000, mode: 0o106755 })
  expect(readFileSync(join(at, 'empty'), 'utf8')).toBe('')
  expect(readlinkSync(join(at, 'short'))).toBe('hello')
  expect(readlinkSync(join(at, 'long'))).toBe(long)
  expect(stat('null').rdev).toBe((1 << 8) | 3)
  expect([stat('gone').rdev, stat('gone').isCharacterDevice()]).toEqual([0, true])
  expect(stat('disk').isBlockDevice()).toBe(true)
  // As the kernel packs it: 12 bits of major, 20 of minor.
  expect(stat('disk').rdev).toBe((70000 & 0xff) | (259 << 8) | ((70000 & ~0xff) << 12))
  const types = readdirSync(at, { withFileTypes: true }).map((entry) => [
    entry.name,
    entry.isDirectory(),
    entry.isSymbolicLink(),
  ])
  expect(types).toContainEqual(['marked', true, false])
  expect(types).toContainEqual(['short', false, true])
  expect(readdirSync(join(at, 'many')).sort()).toEqual([...names].sort())
  for (const name of names) expect(stat(`many/${name}`).isFIFO()).toBe(true)
  expect(stat('many').nlink).toBe(2)
  expect(lstatSync(at.concat('/')).nlink).toBe(4)
  expect(readdirSync(join(at, 'marked'), { encoding: 'buffer' }).map((name) => name.toString('latin1'))).toEqual([
    '\xfc\xff',
  ])
})
