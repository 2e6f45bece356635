// requires root, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { debianRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { rt } from './rt.js'

/** A root that has nothing but busybox: every place to mount on is missing. */
function bareRoot(): string {
  const root = temporaryFolder('bare')
  chmodSync(root, 0o755)
  mkdirSync(join(root, 'bin'))
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim()
  copyFileSync(busybox, join(root, 'bin/busybox'))
  for (const name of ['sh', 'cat', 'ls', 'hostname', 'pwd']) symlinkSync('busybox', join(root, 'bin', name))
  return root
}

const listing = (directory: string): string[] => readdirSync(directory, { recursive: true }).map(String).sort()

let root = ''
let bare: string[] = []
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  root = bareRoot()
  bare = listing(root)
})

function run(args: readonly string[]): string {
  const { status, stdout, stderr } = rt(['run', ...args])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

describe('a directory as SOURCE', () => {
  const names = 'cat /etc/hostname; hostname; cat /etc/hosts; test -e /etc/resolv.conf && echo there'
  const told = (name: string) =>
    `${name}\n${name}\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t${name}\nthere\n`

  it.each([[[]], [['--read-only']], [['--ephemeral']]])('%j: has the files with names', (options) => {
    expect(run([...options, '-h', 'web', root, 'sh', '-c', names])).toBe(told('web'))
  })

  it('knows localhost and itself, as the README’s Debian', { timeout: 280_000 }, async (context) => {
    needs(context, 'root', 'debootstrap')
    const debian = ['--ephemeral', '-h', 'web', await debianRoot(), 'getent', 'hosts']
    expect(run([...debian, 'localhost'])).toMatch(/^(127\.0\.0\.1|::1)\s+localhost/)
    expect(run([...debian, 'web'])).toMatch(/^127\.0\.1\.1\s+web/)
  })

  it('keeps what was made in it to mount on, empty', () => {
    run([root, 'cat', '/etc/hosts'])
    const made = ['dev', 'etc', 'etc/hostname', 'etc/hosts', 'etc/resolv.conf', 'proc', 'sys']
    expect(listing(root)).toEqual([...bare, ...made].sort())
  })

  it.each([
    ['--read-only, and a working directory', ['--read-only', '-w', '/made/too'], 'pwd'],
    ['--ephemeral, and a working directory', ['--ephemeral', '-w', '/made/too'], 'pwd'],
    ['--read-only, with a volume', ['--read-only', '-v', '/etc/passwd:/some/where', '--tmpfs', '/other'], 'ls'],
    ['--ephemeral, with a volume', ['--ephemeral', '-v', '/etc/passwd:/some/where', '--tmpfs', '/other'], 'ls'],
  ])('nothing is made in it with %s', (_, options, command) => {
    run([...options, root, command])
    expect(listing(root)).toEqual(bare)
  })

  it.each<[string, string[], string[], number]>([
    ['a command that isn’t there', [], ['nosuch'], 127],
    ['a command by its path', [], ['/bin/nosuch'], 127],
    ['a relative one', ['-w', '/bin'], ['./nosuch'], 127],
    ['one whose interpreter isn’t there', [], ['/script'], 127],
    ['a directory', [], ['/bin'], 126],
    ['a file that isn’t executable', [], ['/text'], 126],
    ['a command that isn’t there, beside a volume', ['-v', '/etc:/data'], ['nosuch'], 127],
    ['a user that isn’t there', ['-u', 'nosuch'], ['sh'], 125],
    ['a volume that isn’t there', ['-v', '/no/such:/x'], ['sh'], 125],
    ['a device that isn’t there', ['--device', '/dev/nosuch'], ['sh'], 125],
  ])('is left alone for %s', (_, options, command, status) => {
    writeFileSync(join(root, 'script'), '#!/bin/nosuch\n', { mode: 0o755 })
    writeFileSync(join(root, 'text'), 'text')
    const before = listing(root)
    expect(rt(['run', ...options, root, ...command]).status).toBe(status)
    expect(listing(root)).toEqual(before)
  })

  it.each<[string, (root: string) => void, string[], string[]]>([
    ['from a volume', () => {}, ['-v', 'TOOLS:/tools'], ['/tools/busybox']],
    ['from a volume in $PATH', () => {}, ['-v', 'TOOLS:/usr/bin'], ['busybox']],
    [
      'behind a symlink into a volume',
      (at) => symlinkSync('/tools', join(at, 'opt')),
      ['-v', 'TOOLS:/tools'],
      ['/opt/busybox'],
    ],
    [
      'whose interpreter is in a volume',
      (at) => writeFileSync(join(at, 'script'), '#!/tools/sh\n', { mode: 0o755 }),
      ['-v', 'TOOLS:/tools'],
      ['/script'],
    ],
    ['from /proc', () => {}, ['-v', 'TOOLS:/tools'], ['/proc/self/root/tools/busybox']],
  ])('runs a command %s', (_, prepare, options, command) => {
    const tools = join(bareRoot(), 'bin')
    prepare(root)
    const given = options.map((each) => each.replace('TOOLS', tools))
    // busybox without an applet and with one that it hasn't: it ran all the same.
    const { status, stderr } = rt(['run', ...given, root, ...command])
    expect({ status: status === 127 && /applet not found/.test(stderr) ? 0 : status, stderr: '' }).toEqual({
      status: 0,
      stderr: '',
    })
  })

  it('--read-only shows what is mounted below it, as read-only as the rest', (context) => {
    needs(context, 'root')
    const place = join(root, 'mnt')
    mkdirSync(join(place, 'in'), { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', 'rt-test', place])
    try {
      writeFileSync(join(place, 'file'), 'below\n')
      const command = 'cat /mnt/file; (echo x >/mnt/new) 2>/dev/null || echo ro'
      expect(run(['--read-only', root, 'sh', '-c', command])).toBe('below\nro\n')
    } finally {
      execFileSync('umount', [place])
      rmSync(place, { recursive: true })
    }
  })
})
