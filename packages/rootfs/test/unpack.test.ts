// requires root: owners
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Progress, type UnpackOptions, unpack } from '@rt/rootfs'
import { formatError, RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { tar } from './support/archive.js'
import { LayoutBuilder, layoutOf, OCI, tagged } from './support/layout.js'
import { describeTree } from './support/tree.js'

const archive = tar(
  { path: 'etc/', mode: 0o755, mtime: 5 },
  { path: 'etc/hostname', data: 'rt\n', mode: 0o600, mtime: 6 },
  { path: 'big', data: Buffer.alloc(1_000_000, 'x'), mtime: 7 },
)

const write = (name: string, bytes: Uint8Array): string => {
  const path = join(temporaryFolder('unpack'), name)
  writeFileSync(path, bytes)
  return path
}

describe('unpack', () => {
  it('unpacks a tar to a directory that was not there, and says how far it is', async () => {
    const path = write('x.tar.gz', gzipSync(archive))
    const directory = `${path}.d`
    const progress: Progress[] = []
    const result = await unpack(path, directory, { onProgress: (each) => progress.push(each) })
    expect(result).toEqual({ directory, entries: 3, bytes: 1_000_003, warnings: [] })
    expect(
      describeTree(directory, { times: true })
        .map((line) => line.replace(/ \d+:\d+/, ''))
        .slice(1),
    ).toEqual(['f 0644 big 7000000000', 'd 0755 etc 5000000000', 'f 0600 etc/hostname 6000000000'])
    const total = statSync(path).size
    expect(progress.at(-1)).toEqual({ phase: 'unpack', done: total, total })
    expect(readdirSync(join(directory, '..')).sort()).toEqual(['x.tar.gz', 'x.tar.gz.d'])
  })

  it('replaces an empty directory, and no other', async () => {
    const path = write('x.tar', archive)
    const directory = `${path}.d`
    mkdirSync(directory)
    await unpack(path, directory)
    expect(readFileSync(join(directory, 'etc/hostname'), 'utf8')).toBe('rt\n')
    await expect(unpack(path, directory)).rejects.toMatchObject({
      code: 'RT_EXISTS',
      hint: 'remove it, or choose another directory',
    })
    await expect(unpack(path, path)).rejects.toMatchObject({ code: 'RT_EXISTS' })
    await expect(unpack(path, `${directory}/no/such`)).rejects.toMatchObject({ code: 'RT_NOT_FOUND' })
    await expect(unpack(path, `${path}/below-a-file`)).rejects.toMatchObject({ code: 'RT_WRONG_TYPE' })
  })

  it('unpacks the layers of an image on top of each other', async () => {
    const layers = [
      archive,
      gzipSync(tar({ path: 'etc/' }, { path: 'etc/hostname', data: 'new\n' }, { path: '.wh.big' })),
    ]
    const directory = join(temporaryFolder('unpack'), 'd')
    const result = await unpack(`oci:${layoutOf(layers)}`, directory)
    expect(result.entries).toBe(6)
    expect(readdirSync(directory)).toEqual(['etc'])
    expect(readFileSync(join(directory, 'etc/hostname'), 'utf8')).toBe('new\n')
  })

  it('takes a layer of no bytes at all for an empty one, and no such file', async () => {
    const layers = [archive, Buffer.alloc(0), gzipSync(Buffer.alloc(0)), gzipSync(tar({ path: 'last' }))]
    const directory = join(temporaryFolder('unpack'), 'd')
    expect((await unpack(`oci:${layoutOf(layers)}`, directory)).entries).toBe(4)
    expect(readdirSync(directory)).toEqual(['big', 'etc', 'last'])
    expect((await refused(Buffer.alloc(0))).message).toContain('the file is empty')
    expect((await refused(gzipSync(Buffer.alloc(0)))).message).toContain('the archive is empty')
  })

  it('takes a zstd layer of no bytes', async (context) => {
    needs(context, 'zstd')
    const empty = spawnSync('zstd', ['-q', '-c'], { input: '' }).stdout
    const builder = new LayoutBuilder()
    const digest = `sha256:${createHash('sha256').digest('hex')}`
    const layer = builder.blob(empty, `${OCI}.layer.v1.tar+zstd`)
    const config = { rootfs: { type: 'layers', diff_ids: [digest] } }
    const manifest = builder.manifest([], { config, manifest: { layers: [layer] } })
    builder.index([tagged(manifest, 'latest')])
    const directory = join(temporaryFolder('unpack'), 'd')
    expect((await unpack(`oci:${builder.path}`, directory)).entries).toBe(0)
  })

  it('takes zstd, by what is in the file', async (context) => {
    needs(context, 'zstd')
    const path = write('x.tar', spawnSync('zstd', ['-q', '-c'], { input: archive }).stdout)
    await unpack(path, `${path}.d`)
    expect(statSync(join(`${path}.d`, 'big')).size).toBe(1_000_000)
  })

  it('keeps owners or not, as it is told', async (context) => {
    needs(context, 'root')
    const path = write('x.tar', tar({ path: 'f', uid: 7, gid: 8 }))
    await unpack(path, `${path}.1`)
    await unpack(path, `${path}.2`, { keepOwners: false })
    expect(statSync(`${path}.1/f`)).toMatchObject({ uid: 7, gid: 8 })
    expect(statSync(`${path}.2/f`)).toMatchObject({ uid: process.getuid!(), gid: process.getgid!() })
  })
})

/** Nothing is beside the archive afterwards. */
async function refused(bytes: Uint8Array, options?: UnpackOptions): Promise<RtError> {
  const path = write('x.tar', bytes)
  const error = await unpack(path, `${path}.d`, options).then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(readdirSync(join(path, '..'))).toEqual(['x.tar'])
  if (!RtError.isInstance(error)) throw error ?? new Error('it was accepted')
  return error
}

describe('unpack leaves nothing', () => {
  it('of an archive that is cut, compressed or not', async () => {
    expect((await refused(archive.subarray(0, 500_000))).message).toContain('the archive is truncated')
    expect((await refused(gzipSync(archive).subarray(0, 1000))).message).toContain('unexpected end of file')
  })

  it('of an archive that is hostile, and says which entry it was', async () => {
    const error = await refused(tar({ path: 'ok' }, { path: '../evil' }))
    expect(formatError(error)).toBe('archive entry 2 "../evil" at byte 512: the path contains ".."')
    expect(error.code).toBe('RT_UNSAFE')
  })

  it('when the kernel refuses: errno, call and entry come across the threads', async () => {
    const error = await refused(tar({ path: 'dir/' }, { path: 'x'.repeat(100), pax: [['path', 'y'.repeat(256)]] }))
    expect(error).toMatchObject({ code: 'ENAMETOOLONG', syscall: 'openat', errno: -36 })
    expect(formatError(error)).toMatch(
      /^archive entry 2 "y+.*\n {2}openat\(\d+, "y+", O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW\|O_CLOEXEC, 0644\) = -1 ENAMETOOLONG/,
    )
  })

  it('over a limit: a bomb of zeros stops early', async () => {
    // Members of gzip, 32 MiB each of the file's 8 GiB; the limit counts from 256 MiB on.
    const member = gzipSync(Buffer.alloc(32 << 20))
    const header = gzipSync(tar({ path: 'zeros', size: 2 ** 33 - 1 }).subarray(0, 512))
    const zeros = Buffer.concat([header, ...Array.from({ length: 256 }, () => member)])
    let taken = 0
    const onProgress = ({ done }: Progress) => (taken = done)
    const error = await refused(zeros, { limits: { ratio: 500 }, onProgress })
    expect(error.code).toBe('RT_LIMIT')
    expect(taken).toBeLessThan(zeros.length / 4)
    expect(error.message).toMatch(/is compressed too well: more than 500 uncompressed bytes for each compressed one/)
    expect((await refused(tar({ path: 'a' }, { path: 'b' }), { limits: { entries: 1 } })).hint).toContain(
      'raise limits.entries',
    )
  })

  it('of what is no source for it', async () => {
    const directory = temporaryFolder('unpack')
    await expect(unpack(directory, join(directory, 'd'))).rejects.toMatchObject({
      code: 'RT_INVALID_OPTION',
      origin: 'SOURCE',
    })
    await expect(unpack({ kind: 'host' }, join(directory, 'd'))).rejects.toMatchObject({ code: 'RT_INVALID_OPTION' })
    expect(readdirSync(directory)).toEqual([])
  })
})
