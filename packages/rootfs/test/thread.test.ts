// requires nothing: threads and their shared memory
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AT_FDCWD, close, O_DIRECTORY, O_RDONLY, openat } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { ByteRing } from '../src/extract/byte-ring.js'
import { DEFAULT_LIMITS } from '../src/extract/limits.js'
import { ExtractThread } from '../src/extract/thread.js'
import { extractArchives } from '../src/unpack/extract-archives.js'
import { tar } from './support/archive.js'

describe('ByteRing', () => {
  it('gives what was written, in order, in pieces', async () => {
    const ring = new ByteRing()
    const written = Buffer.alloc(1_000_001, 'abc')
    expect(await ring.write(written)).toBe(true)
    expect(await ring.end()).toBe(true)
    const read: Buffer[] = []
    expect(new ByteRing(ring.memory).read((piece) => read.push(Buffer.from(piece)))).toBe(true)
    expect(Buffer.concat(read).equals(written)).toBe(true)
  })

  it('makes a writer wait when it is full, until something is read or it is closed', async () => {
    const ring = new ByteRing()
    let done: boolean | undefined
    const writing = ring.write(Buffer.alloc(5 << 20)).then((result) => {
      done = result
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(done).toBe(undefined)
    ring.close()
    await writing
    expect(done).toBe(false)
    expect(await ring.end()).toBe(false)
    expect(ring.read(() => {})).toBe(false)
  })
})

describe('the unpacking thread', () => {
  it('that dies in the middle stops the writer, with an error', async () => {
    const folder = temporaryFolder('thread')
    const path = join(folder, 'x.tar')
    writeFileSync(path, tar({ path: 'f', data: Buffer.alloc(64 << 20) }))
    const root = openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY)
    const thread = new ExtractThread()
    const job = { root, overlay: undefined, keepOwners: false, endMark: 'required' } as const
    let taken = 0
    const onBytes = (bytes: number) => {
      taken += bytes
      if (taken > 16 << 20) void thread.close()
    }
    await expect(extractArchives(thread, [{ path }], job, { limits: DEFAULT_LIMITS, onBytes })).rejects.toMatchObject({
      code: 'RT_BROKEN_PROCESS',
    })
    await expect(thread.run({ type: 'remove', parent: root, names: [] })).rejects.toMatchObject({
      code: 'RT_BROKEN_PROCESS',
    })
    close(root)
  })

  it('that is given a bad job says why, and takes the next', async () => {
    const thread = new ExtractThread()
    const ring = new ByteRing()
    const job = {
      memory: ring.memory,
      archives: 1,
      overlay: undefined,
      limits: DEFAULT_LIMITS,
      keepOwners: false,
    } as const
    await expect(thread.run({ type: 'extract', root: -1, endMark: 'required', ...job })).rejects.toMatchObject({
      code: 'EBADF',
    })
    // Nobody reads any more: the writer must not wait for ever.
    expect(await ring.write(Buffer.alloc(8 << 20))).toBe(false)
    expect(await thread.run({ type: 'remove', parent: -1, names: [] })).toBe(undefined)
    await thread.close()
  })
})
