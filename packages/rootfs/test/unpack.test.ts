// requires root: owners
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Progress, unpack } from '@rt/rootfs'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { tar } from './support/archive.js'
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
    await expect(unpack(path, directory)).rejects.toMatchObject({ code: 'RT_EXISTS' })
    await expect(unpack(path, path)).rejects.toMatchObject({ code: 'RT_EXISTS' })
    await expect(unpack(path, `${directory}/no/such`)).rejects.toMatchObject({ code: 'RT_NOT_FOUND' })
    await expect(unpack(path, `${path}/below-a-file`)).rejects.toMatchObject({ code: 'RT_WRONG_TYPE' })
  })
})
