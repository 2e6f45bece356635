// requires root: owners, device nodes and trusted.* attributes
import { chmodSync, chownSync, lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lsetxattr, RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { gnuLong, tar } from './support/archive.js'
import { extract, sandbox } from './support/extract.js'
import { describeTree } from './support/tree.js'

const root = process.getuid?.() === 0
const skipUnlessRoot = (context: { skip: (note: string) => void }) => {
  if (!root) context.skip('needs root: owners and device nodes')
}

describe('Extractor', () => {
  it('makes every kind of file, with owner, mode and times', (context) => {
    skipUnlessRoot(context)
    const { target } = sandbox()
    const result = extract(target, [
      tar(
        { path: './', mode: 0o751, mtime: 9 },
        { path: 'dir/', mode: 0o1777, uid: 7, gid: 8, mtime: 5 },
        { path: 'dir/file', mode: 0o640, uid: 1000, gid: 100, data: 'hello', pax: [['mtime', '3.000000001']] },
        { path: 'dir/setuid', mode: 0o4755, uid: 33, gid: 33, data: 'x', mtime: 4 },
        { path: 'dir/setuid-root', mode: 0o6755, data: 'x', mtime: 4 },
        { path: 'dir/link', type: '2', link: '/anywhere', uid: 5, gid: 6, mtime: 2 },
        { path: 'dir/hard', type: '1', link: 'dir/file' },
        { path: 'null', type: '3', major: 1, minor: 3, mode: 0o666, uid: 1, mtime: 7 },
        { path: 'loop', type: '4', major: 7, minor: 1, mode: 0o660, gid: 6, mtime: 7 },
        { path: 'pipe', type: '6', mode: 0o600, mtime: 7 },
        { path: 'setgid/', mode: 0o2755, gid: 50, mtime: 6 },
        { path: 'setgid/file', mode: 0o600, mtime: 1 },
        { path: 'closed/', mode: 0, mtime: 6 },
        { path: 'closed/file', mode: 0, mtime: 1 },
        { path: '\xff', mtime: 1 },
      ),
    ])
    expect(describeTree(target, { times: true, content: true })).toEqual([
      'd 0751 0:0 . 9000000000',
      'd 0000 0:0 closed 6000000000',
      'f 0000 0:0 closed/file "" 1000000000',
      'd 1777 7:8 dir 5000000000',
      'f 0640 1000:100 dir/file "hello" links=2 3000000001',
      'f 0640 1000:100 dir/hard "hello" links=2 3000000001',
      'l 0777 5:6 dir/link -> /anywhere 2000000000',
      'f 4755 33:33 dir/setuid "x" 4000000000',
      'f 6755 0:0 dir/setuid-root "x" 4000000000',
      'b 0660 0:6 loop 7:1 7000000000',
      'c 0666 1:0 null 1:3 7000000000',
      'p 0600 0:0 pipe 7000000000',
      'd 2755 0:50 setgid 6000000000',
      'f 0600 0:0 setgid/file "" 1000000000',
      'f 0644 0:0 \xff "" 1000000000',
    ])
    expect(result).toMatchObject({ entries: 15, bytes: 7, warnings: [] })
  })

  it('makes what lies between: directories without entries, names of 300 bytes in pieces', () => {
    const { target } = sandbox()
    const long = `${'d'.repeat(200)}/${'e'.repeat(200)}/f`
    extract(target, [tar({ path: 'a/b/c/file', mtime: 5 }, gnuLong('L', long), { path: 'x' })], { keepOwners: false })
    expect(
      describeTree(target).map((line) => line.split(' ').slice(0, 2).concat(line.split(' ')[3]!).join(' ')),
    ).toEqual([
      'd 0755 .',
      'd 0755 a',
      'd 0755 a/b',
      'd 0755 a/b/c',
      'f 0644 a/b/c/file',
      `d 0755 ${'d'.repeat(200)}`,
      `d 0755 ${'d'.repeat(200)}/${'e'.repeat(200)}`,
      `f 0644 ${long}`,
    ])
  })

  it('replaces what is in the way, and never writes through it', () => {
    const { folder, target } = sandbox()
    writeFileSync(join(folder, 'canary'), 'untouched')
    extract(
      target,
      [
        tar(
          { path: 'file', data: 'old' },
          { path: 'hard', type: '1', link: 'file' },
          { path: 'file', data: 'new' },
          { path: 'link', type: '2', link: `${folder}/canary` },
          { path: 'link', data: 'a file now' },
          { path: 'dir/sub/deep' },
          { path: 'dir', data: 'a file now' },
          { path: 'file2' },
          { path: 'file2/', mode: 0o700 },
          { path: 'file2/in' },
          { path: 'kept/', mode: 0o700 },
          { path: 'kept/in' },
          { path: 'kept/', mode: 0o711 },
        ),
      ],
      { keepOwners: false },
    )
    expect(readFileSync(join(folder, 'canary'), 'utf8'), 'HOST PATH WAS CHANGED').toBe('untouched')
    expect(describeTree(target, { content: true }).map((line) => line.replace(/ \d+:\d+/, ''))).toEqual([
      'd 0755 .',
      'f 0644 dir "a file now"',
      'f 0644 file "new"',
      'd 0700 file2',
      'f 0644 file2/in ""',
      'f 0644 hard "old"',
      'd 0711 kept',
      'f 0644 kept/in ""',
      'f 0644 link "a file now"',
    ])
  })

  it('keeps a hard link to itself, and links of links', () => {
    const { target } = sandbox()
    extract(
      target,
      [
        tar(
          { path: 'a', data: 'x' },
          { path: 'a', type: '1', link: 'a' },
          { path: 'b', type: '1', link: 'a' },
          { path: 'a', type: '1', link: 'b' },
          { path: 's', type: '2', link: 'a' },
          { path: 't', type: '1', link: 's' },
        ),
      ],
      { keepOwners: false },
    )
    expect(statSync(join(target, 'a'))).toMatchObject({ nlink: 2, ino: statSync(join(target, 'b')).ino })
    expect(lstatSync(join(target, 't')).isSymbolicLink()).toBe(true)
  })

  it('follows symlinks in the archive to where they lead in it', () => {
    const { target } = sandbox()
    extract(
      target,
      [
        tar(
          { path: 'usr/bin/' },
          { path: 'bin', type: '2', link: '/usr/bin' },
          { path: 'bin/sh', data: 'sh' },
          { path: 'rel', type: '2', link: 'usr/../usr/bin' },
          { path: 'rel/ls', data: 'ls' },
          { path: 'hard', type: '1', link: 'bin/sh' },
        ),
      ],
      { keepOwners: false },
    )
    expect(readFileSync(join(target, 'usr/bin/sh'), 'utf8')).toBe('sh')
    expect(readFileSync(join(target, 'usr/bin/ls'), 'utf8')).toBe('ls')
    expect(statSync(join(target, 'hard')).nlink).toBe(2)
  })

  it('makes sparse files sparse', () => {
    const { target } = sandbox()
    const size = 64 << 20
    const pax = [
      ['GNU.sparse.size', String(size)],
      ['GNU.sparse.numblocks', '2'],
      ['GNU.sparse.map', `1048576,3,${size},0`],
    ] as const
    extract(target, [tar({ path: 's', data: 'abc', pax })], { keepOwners: false })
    const status = statSync(join(target, 's'))
    expect(status.size).toBe(size)
    expect(status.blocks * 512).toBeLessThan(1 << 20)
    expect(readFileSync(join(target, 's')).subarray(1048576, 1048580).toString()).toBe('abc\0')
  })

  it('restores attributes, but for those of another machine', (context) => {
    skipUnlessRoot(context)
    const { target } = sandbox()
    const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex')
    const { warnings } = extract(target, [
      tar(
        {
          path: 'file',
          uid: 7,
          data: 'x',
          pax: [
            ['SCHILY.xattr.user.note', 'hello'],
            ['SCHILY.xattr.security.capability', capability],
            ['SCHILY.xattr.security.selinux', 'system_u:object_r:etc_t:s0'],
            ['SCHILY.xattr.trusted.overlay.redirect', '/etc'],
            ['SCHILY.xattr.user.overlay.opaque', 'y'],
          ],
        },
        { path: 'dir/', pax: [['SCHILY.xattr.trusted.mine', 'x']] },
        { path: 'link', type: '2', link: 'x', pax: [['SCHILY.xattr.trusted.mine', 'y']] },
      ),
    ])
    expect(describeTree(target, { xattrs: true }).slice(1)).toEqual([
      'd 0755 0:0 dir trusted.mine="x"',
      `f 0644 7:0 file security.capability=${JSON.stringify(capability.toString('latin1'))} user.note="hello"`,
      'l 0777 0:0 link -> x trusted.mine="y"',
    ])
    expect(warnings).toEqual([
      '"file": extended attribute "security.selinux" was left out: it is for another machine',
      '"file": extended attribute "trusted.overlay.redirect" was left out: it is for another machine',
      '"file": extended attribute "user.overlay.opaque" was left out: it is for another machine',
    ])
  })

  it('takes no set-group-id and no default access control list from the directory above', (context) => {
    skipUnlessRoot(context)
    const { target } = sandbox()
    // user::rwx, user:1234:rwx, group::r-x, mask::rwx, other::---
    const entries = [
      [1, 7, -1],
      [2, 7, 1234],
      [4, 5, -1],
      [16, 7, -1],
      [32, 0, -1],
    ]
    const list = Buffer.alloc(4 + entries.length * 8)
    list.writeUInt32LE(2)
    for (const [index, [tag, permissions, id]] of entries.entries()) {
      list.writeUInt16LE(tag!, 4 + index * 8)
      list.writeUInt16LE(permissions!, 6 + index * 8)
      list.writeInt32LE(id!, 8 + index * 8)
    }
    lsetxattr(target, 'system.posix_acl_default', list)
    chmodSync(target, 0o2775)
    chownSync(target, 0, 50)
    extract(target, [tar({ path: 'a/b', mode: 0o666 })])
    expect(describeTree(target, { xattrs: true })).toEqual(['d 0755 0:0 .', 'd 0755 0:0 a', 'f 0666 0:0 a/b'])
  })

  it('names the entry, the call and the errno when the kernel refuses', () => {
    const { target } = sandbox()
    try {
      extract(target, [tar({ path: 'ok' }, gnuLong('L', 'n'.repeat(256)), { path: 'x' })], { keepOwners: false })
      expect.unreachable()
    } catch (error) {
      expect(RtError.isInstance(error)).toBe(true)
      expect(error).toMatchObject({ code: 'ENAMETOOLONG', syscall: 'openat' })
      expect((error as RtError).step).toMatch(/^archive entry 2 "n{117,}"?.* at byte 512$/)
    }
  })
})
