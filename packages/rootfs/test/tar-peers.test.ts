// requires tar; python3 where it is installed: the same archives read by others
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { gnuLong, member, tar } from './support/archive.js'
import { type ReadEntry, readTar } from './support/read-tar.js'

/** Files of many kinds; names too long for the header, a hole, nanoseconds. */
function fixture(long: boolean): string {
  const folder = temporaryFolder('peers')
  mkdirSync(join(folder, 'dir/sub'), { recursive: true })
  writeFileSync(join(folder, 'dir/file'), 'content')
  linkSync(join(folder, 'dir/file'), join(folder, 'dir/hard'))
  symlinkSync('../dir/file', join(folder, 'dir/link'))
  writeFileSync(join(folder, 'empty'), '')
  writeFileSync(join(folder, 'block'), Buffer.alloc(512, 'b'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  chmodSync(join(folder, 'block'), 0o4711)
  if (long) {
    const name = `${'long-'.repeat(30)}äß`
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, name), 'long')
    symlinkSync(`${name}/${name}`, join(folder, 'link-to-long'))
    linkSync(join(folder, name, name), join(folder, name, 'hard'))
  }
  for (const name of ['dir/file', 'empty', 'block', 'dir', 'dir/sub'])
    utimesSync(join(folder, name), 1000, 1_600_000_000)
  return folder
}

const pack = (folder: string, ...flags: string[]): Buffer =>
  execFileSync('tar', ['--create', '--sort=name', '--numeric-owner', ...flags, '--directory', folder, '.'], {
    maxBuffer: 1 << 28,
  })

const LETTER: Record<ReadEntry['type'], string> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  hardlink: 'h',
  character: 'c',
  block: 'b',
  fifo: 'p',
}

/** As `tar --list --verbose --numeric-owner --full-time --quoting-style=literal` prints it, spaces made one. */
function gnuLine(entry: ReadEntry): string {
  const bits = ['---', '--x', '-w-', '-wx', 'r--', 'r-x', 'rw-', 'rwx']
  let mode = [6, 3, 0].map((shift) => bits[(entry.mode >> shift) & 7]).join('')
  if (entry.mode & 0o4000) mode = mode.slice(0, 2) + (mode[2] === 'x' ? 's' : 'S') + mode.slice(3)
  const { seconds, nanoseconds } = entry.mtime
  const date = new Date(seconds * 1000).toISOString().replace('T', ' ').slice(0, 19)
  const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`
  const target =
    entry.type === 'symlink' ? ` -> ${entry.linkPath}` : entry.type === 'hardlink' ? ` link to ${entry.linkPath}` : ''
  return `${LETTER[entry.type]}${mode} ${entry.uid}/${entry.gid} ${entry.size} ${date}${fraction} ${entry.path}${target}`
}

const gnuList = (archive: Buffer): string[] =>
  execFileSync(
    'tar',
    ['--list', '--verbose', '--numeric-owner', '--full-time', '--quoting-style=literal', '--file=-'],
    {
      input: archive,
      encoding: 'latin1',
      env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
      maxBuffer: 1 << 28,
    },
  )
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '))

const FORMATS: Record<string, [flags: string[], long: boolean]> = {
  v7: [['--format=v7', '--exclude=./pipe'], false],
  ustar: [['--format=ustar'], false],
  gnu: [['--format=gnu'], true],
  oldgnu: [['--format=oldgnu'], true],
  pax: [['--format=pax'], true],
  'pax with a global header': [['--format=pax', '--pax-option=globexthdr.name=g,comment=hello,atime:=5'], true],
}

describe('archives of GNU tar', () => {
  it.for(Object.entries(FORMATS))('%s: the same list as GNU tar gives', ([, [flags, long]]) => {
    const archive = pack(fixture(long), ...flags)
    const entries = readTar(archive)
    expect(entries.length).toBeGreaterThan(7)
    expect(entries.map(gnuLine)).toEqual(gnuList(archive))
  })

  it.for(['gnu', '0.0', '0.1', '1.0'])('sparse files in format %s: the same content', (format) => {
    const folder = temporaryFolder('sparse')
    const path = join(folder, 'sparse')
    const fd = openSync(path, 'w')
    // More runs than a header holds, and a hole at the end.
    for (let index = 0; index < 40; index++) writeSync(fd, Buffer.alloc(4096, index + 1), 0, 4096, index * 65536)
    ftruncateSync(fd, 40 * 65536 + 12345)
    closeSync(fd)
    const flags = format === 'gnu' ? ['--format=gnu'] : ['--format=pax', `--sparse-version=${format}`]
    const archive = pack(folder, '--sparse', ...flags)
    expect(archive.length).toBeLessThan(40 * 8192)
    const entry = readTar(archive, 4000).find(({ path: name }) => name === './sparse')!
    expect(entry.sparse!.length).toBeGreaterThan(30)
    expect(entry.content.equals(readFileSync(path))).toBe(true)
    expect(readdirSync(folder)).toEqual(['sparse'])
  })

  // GNU tar then writes GNU.sparse.name, and behind it a path for readers that don't know the format.
  it.for(['0.0', '0.1', '1.0'])('a sparse file in format %s with a name too long for the header', (version) => {
    const folder = temporaryFolder('sparse')
    const name = 'long'.repeat(40)
    writeFileSync(join(folder, name), '')
    truncateSync(join(folder, name), 1 << 20)
    const entries = readTar(pack(folder, '--sparse', '--format=pax', `--sparse-version=${version}`))
    expect(entries.map(({ path, size }) => [path, size])).toEqual([
      ['./', 0],
      [`./${name}`, 1 << 20],
    ])
  })
})

const PYTHON = `
import sys, tarfile, json, io
archive = tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), mode='r:', encoding='latin-1')
kinds = {b'0': 'file', b'\\0': 'file', b'7': 'file', b'S': 'file', b'5': 'directory', b'2': 'symlink', b'1': 'hardlink', b'3': 'character', b'4': 'block', b'6': 'fifo'}
for m in archive:
    print(json.dumps([kinds[m.type], m.name, m.linkname, m.mode & 0o7777, m.uid, m.gid, 0 if m.islnk() else m.size, int(m.mtime // 1)]))
`

/** Archives on which readers are known to disagree, and the common kinds. */
const TRICKY: Record<string, Buffer> = {
  'names by pax, GNU and ustar': tar(
    { path: 'a/b', prefix: 'p' },
    { path: 'x', pax: [['path', 'pax/name']] },
    gnuLong('L', 'gnu/name'),
    { path: 'x', magic: 'gnu' },
  ),
  'a pax size over the header’s (CVE-2025-62518)': tar(
    { path: 'outer', size: 0, data: tar({ path: 'inner' }), pax: [['size', String(tar({ path: 'inner' }).length)]] },
    { path: 'last' },
  ),
  'a pax size before a long name (GHSA-vmf3-w455-68vh)': tar(
    member({ path: 'x', type: 'x', data: '12 size=512\n' }),
    gnuLong('L', 'long'),
    { path: 'l', magic: 'gnu', size: 0, data: Buffer.alloc(512, 'x') },
    { path: 'last' },
  ),
  'a hard link that repeats its size': tar(
    { path: 'f', data: 'x' },
    { path: 'h', type: '1', link: 'f', size: 1 },
    { path: 'last' },
  ),
  'a name that fills its field': tar({ path: 'n'.repeat(100), link: '', mode: 0o600 }, { path: 'last' }),
}

describe('archives made here', () => {
  it.for(Object.entries(TRICKY))('%s: GNU tar reads the same', ([name, archive]) => {
    // GNU tar applies the size to the long name, which is the bug: it fails on this one, as it should.
    if (name.includes('GHSA')) expect(readTar(archive).map(({ path }) => path)).toEqual(['long', 'last'])
    else expect(readTar(archive).map(gnuLine)).toEqual(gnuList(archive))
  })

  it.for(Object.entries(TRICKY))('%s: Python reads the same', ([, archive], context) => {
    needs(context, 'python3')
    const lines = execFileSync('python3', ['-c', PYTHON], { input: archive, encoding: 'utf8' }).trimEnd().split('\n')
    const ours = readTar(archive).map((entry) => [
      entry.type,
      entry.path.replace(/\/$/, ''),
      entry.linkPath,
      entry.mode,
      entry.uid,
      entry.gid,
      entry.size,
      entry.mtime.seconds,
    ])
    expect(ours).toEqual(lines.map((line) => JSON.parse(line) as unknown))
  })
})
