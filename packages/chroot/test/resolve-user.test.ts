// requires root, busybox; the hostile files need mkfifo
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { resolveUser } from '../src/index.js'
import { readFileInRoot } from '../src/root/read-in-root.js'

const PASSWD = `root:x:0:0:root:/root:/bin/sh
1000:x:0:0:an impostor:/impostor:/bin/sh
alice:x:1000:100:Alice:/home/alice:/bin/sh
bob:x:1001:100::relative:
broken:x::0:no uid:/:
broken2:x:0x10:0:hex:/:
broken3:x:4294967295:0:minus one:/:
short:x:5
alice:x:7:7:second of the name:/:
`
const GROUP = `root:x:0:
users:x:100:
video:x:44:alice,bob
audio:x:29:bob
4444:x:0:alice
wheel:x:10:alice
bad:x:-1:alice
`
const folder = temporaryFolder('users')
let fd: number

beforeEach(() => {
  rmSync(join(folder, 'etc'), { recursive: true, force: true })
  mkdirSync(join(folder, 'etc'))
  writeFileSync(join(folder, 'etc/passwd'), PASSWD)
  writeFileSync(join(folder, 'etc/group'), GROUP)
  fd ??= openSync(folder, 'r')
})
afterAll(() => closeSync(fd))

const resolve = (spec: string, groupAdd: string[] = []) => resolveUser(fd, spec, { groupAdd })

describe('Docker’s rules', () => {
  it.each([
    ['0', { uid: 0, gid: 0, groups: [0], home: '/root', name: 'root' }],
    ['root', { uid: 0, gid: 0, groups: [0], home: '/root', name: 'root' }],
    ['alice', { uid: 1000, gid: 100, groups: [100, 44, 0, 10], home: '/home/alice', name: 'alice' }],
    ['1000', { uid: 1000, gid: 100, groups: [100, 44, 0, 10], home: '/home/alice', name: 'alice' }],
    ['alice:video', { uid: 1000, gid: 44, groups: [44], home: '/home/alice', name: 'alice' }],
    ['alice:5', { uid: 1000, gid: 5, groups: [5], home: '/home/alice', name: 'alice' }],
    ['bob', { uid: 1001, gid: 100, groups: [100, 44, 29], home: '/', name: 'bob' }],
    ['4711', { uid: 4711, gid: 0, groups: [0], home: '/' }],
    ['4711:44', { uid: 4711, gid: 44, groups: [44], home: '/' }],
    ['4711:audio', { uid: 4711, gid: 29, groups: [29], home: '/' }],
  ])('%s', (spec, expected) => {
    expect(resolve(spec)).toEqual(expected)
  })

  it('digits are never a name (CVE-2026-46680)', () => {
    // passwd has a user *named* 1000 with uid 0, before the one with that uid.
    expect(resolve('1000').uid).toBe(1000)
    expect(resolve('4711:4444').gid).toBe(4444)
  })

  it('--group-add, by name and by number', () => {
    expect(resolve('4711', ['audio', '7', 'audio']).groups).toEqual([0, 29, 7])
    expect(() => resolve('4711', ['+7', 'video '])).toThrowError(
      expect.objectContaining({
        complaints: [{ path: '--group-add', message: expect.any(String) }, expect.anything()],
      }),
    )
  })

  it.each(['broken', 'broken2', 'broken3', 'short', 'Alice', 'nobody'])(
    '%s is no user: its line is not well-formed, or none',
    (name) => {
      expect(() => resolve(name)).toThrowError(
        expect.objectContaining({ code: 'RT_NOT_FOUND', message: `no user "${name}" in the root's own /etc/passwd` }),
      )
    },
  )

  it('tells which names there are', () => {
    expect(() => resolve('nobody')).toThrowError(expect.objectContaining({ hint: expect.stringContaining('"alice"') }))
    expect(() => resolve('0:nogroup')).toThrowError(
      expect.objectContaining({ code: 'RT_NOT_FOUND', hint: expect.stringContaining('"wheel"') }),
    )
  })
})

describe('a root without accounts', () => {
  it('serves numbers, not names', () => {
    rmSync(join(folder, 'etc'), { recursive: true })
    expect(resolve('0')).toEqual({ uid: 0, gid: 0, groups: [0], home: '/' })
    expect(() => resolve('root')).toThrowError(
      expect.objectContaining({
        code: 'RT_NOT_FOUND',
        hint: 'the root has no /etc/passwd with entries: give a number',
      }),
    )
  })
})

describe('bytes', () => {
  it('that are no UTF-8 are kept', () => {
    writeFileSync(join(folder, 'etc/passwd'), Buffer.from('j\xf6rg:x:5:5::/home/j\xf6rg:\n', 'latin1'))
    const found = resolve('5')
    expect(found.home).toEqual(new Uint8Array(Buffer.from('/home/j\xf6rg', 'latin1')))
    expect(found.name).toEqual(new Uint8Array(Buffer.from('j\xf6rg', 'latin1')))
    // The same letter in UTF-8 is another name.
    expect(() => resolve('jörg')).toThrowError(expect.objectContaining({ code: 'RT_NOT_FOUND' }))
  })

  it('of UTF-8 are text', () => {
    writeFileSync(join(folder, 'etc/passwd'), 'jörg:x:5:5::/home/jörg:')
    expect(resolve('jörg')).toEqual({ uid: 5, gid: 5, groups: [5], home: '/home/jörg', name: 'jörg' })
  })
})

describe('a hostile passwd (CVE-2024-9676, CVE-2024-9341)', () => {
  const passwd = join(folder, 'etc/passwd')
  beforeEach(() => rmSync(passwd))

  it('a fifo does not block', () => {
    execFileSync('mkfifo', [passwd])
    expect(() => resolve('0')).toThrowError(
      expect.objectContaining({
        code: 'RT_WRONG_TYPE',
        message: 'cannot read "etc/passwd": expected regular file, got fifo',
      }),
    )
  })

  it('a device is not opened', (context) => {
    needs(context, 'root')
    execFileSync('mknod', [passwd, 'c', '1', '5'])
    expect(() => resolve('0')).toThrowError(
      expect.objectContaining({ message: expect.stringContaining('character device') }),
    )
  })

  it('a directory', () => {
    mkdirSync(passwd)
    expect(() => resolve('0')).toThrowError(expect.objectContaining({ code: 'RT_WRONG_TYPE' }))
  })

  it.each(['/etc/passwd', '../../../../../../etc/passwd', '/proc/self/root/etc/passwd'])(
    'a symlink to %s stays inside the root',
    (target) => {
      symlinkSync(target, passwd)
      // Inside, it leads to itself (a circle) or nowhere, never to the host's, which knows "daemon".
      expect(() => resolve('daemon')).toThrowError(/no user "daemon"|ELOOP/)
    },
  )

  it('a symlink within the root is followed', () => {
    writeFileSync(join(folder, 'accounts'), PASSWD)
    symlinkSync('/accounts', passwd)
    expect(resolve('alice').uid).toBe(1000)
  })

  it('a link of /proc is not followed', () => {
    // The host's root has a /proc to be misled by: there, stdin of the reading process would be the passwd.
    const path = join(folder, 'etc/passwd').slice(1)
    symlinkSync('/proc/self/fd/0', passwd)
    const host = openSync('/', 'r')
    try {
      expect(() => readFileInRoot(host, path, 100)).toThrowError(expect.objectContaining({ code: 'ELOOP' }))
    } finally {
      closeSync(host)
    }
  })

  it('a huge one is refused, sparse or not', () => {
    writeFileSync(passwd, '')
    truncateSync(passwd, 2 ** 40)
    expect(() => resolve('0')).toThrowError(
      expect.objectContaining({
        code: 'RT_LIMIT',
        message: 'cannot read "etc/passwd": it is longer than 1048576 bytes',
      }),
    )
  })
})
