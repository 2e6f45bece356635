// requires nothing: damaged archives never get as far as a file
import { type TarEntry, TarReader } from '@rt/rootfs'
import { RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { gnuLong, headerBlock, member, repairChecksums, tar } from './support/archive.js'
import { random } from './support/random.js'
import { readTar } from './support/read-tar.js'

const sample = tar(
  { path: 'dir/', mode: 0o700 },
  {
    path: 'dir/file',
    data: Buffer.alloc(1500, 'x'),
    pax: [
      ['mtime', '5.5'],
      ['SCHILY.xattr.user.a', 'b'],
    ],
  },
  gnuLong('L', 'long/'.repeat(60)),
  { path: 'long', type: '5', magic: 'gnu' },
  { path: 'link', type: '2', link: 'dir/file' },
  {
    path: 'sparse',
    data: Buffer.alloc(514, 's'),
    pax: [
      ['GNU.sparse.size', '6000'],
      ['GNU.sparse.numblocks', '3'],
      ['GNU.sparse.map', '1000,512,5000,2,6000,0'],
    ],
  },
)
const contentEnd = sample.length - 1024

/** Reads as far as it goes. @returns the error, or how many entries were complete */
function attempt(archive: Uint8Array): RtError | number {
  let [entries, complete, given] = [0, 0, 0]
  const reader = new TarReader({
    entry: (_: TarEntry) => void entries++,
    data(bytes) {
      given += bytes.length
    },
    end: () => void complete++,
  })
  try {
    for (let at = 0; at < archive.length; at += 1000) reader.write(archive.subarray(at, at + 1000))
    reader.end()
    return complete
  } catch (error) {
    if (RtError.isInstance(error)) return error
    throw error
  } finally {
    // Never more work than there are bytes.
    expect(entries).toBeLessThanOrEqual(archive.length / 512)
    expect(given).toBeLessThanOrEqual(archive.length)
  }
}

describe('a truncated archive', () => {
  it('is refused wherever it was cut, with where that was', () => {
    for (let length = 0; length < contentEnd + 512; length += 7) {
      const error = attempt(sample.subarray(0, length))
      expect(RtError.isInstance(error) && error.code, `cut at ${length}`).toBe('RT_ARCHIVE')
      expect((error as RtError).message).toMatch(
        length === 0
          ? /^the archive is empty/
          : /^archive entry \d+( ".*")? at byte \d+: the archive is truncated: it ends at byte \d+/,
      )
      if (length > 0) expect((error as RtError).message).toContain(`it ends at byte ${length}`)
    }
  })

  it('is complete once the first block of zeros is', () => {
    for (let length = contentEnd + 512; length <= sample.length; length++) {
      expect(attempt(sample.subarray(0, length)), `cut at ${length}`).toBe(5)
    }
  })
})

describe('a header with a flipped bit', () => {
  it('is refused: a checksum tells every one', () => {
    const block = headerBlock({ path: 'name', data: '' })
    for (let bit = 0; bit < 512 * 8; bit++) {
      const archive = Buffer.concat([block, Buffer.alloc(1024)])
      archive[bit >> 3]! ^= 1 << (bit & 7)
      const result = attempt(archive)
      // The stored sum may change in a way that means the same: a space for its first zero, and what ends it.
      if (typeof result === 'number') expect([148, 154, 155]).toContain(bit >> 3)
      else expect(result.code).toBe('RT_ARCHIVE')
    }
  })
})

describe('mutations of an archive', () => {
  it('are read or refused, and nothing else (5000, seed 2)', () => {
    const next = random(2)
    let refused = 0
    for (let round = 0; round < 5000; round++) {
      const archive = Buffer.from(sample)
      for (let changes = 1 + Math.floor(next() * 4); changes > 0; changes--) {
        archive[Math.floor(next() * archive.length)] = Math.floor(next() * 256)
      }
      if (next() < 0.8) repairChecksums(archive)
      if (RtError.isInstance(attempt(archive))) refused++
    }
    expect(refused).toBeGreaterThan(500)
  })

  it('give the same whatever the pieces (300, seed 3)', () => {
    const next = random(3)
    const outcome = (archive: Buffer, step: number): unknown => {
      try {
        return readTar(archive, step).map(({ path, size, type }) => [path, size, type])
      } catch (error) {
        return (error as Error).message
      }
    }
    for (let round = 0; round < 300; round++) {
      const archive = Buffer.from(sample)
      archive[Math.floor(next() * archive.length)] = Math.floor(next() * 256)
      repairChecksums(archive)
      const whole = outcome(archive, archive.length)
      for (const step of [512, 333]) expect(outcome(archive, step)).toEqual(whole)
    }
  })
})

describe('a member that is never complete', () => {
  it('is told by what is missing', () => {
    const cut = member({ path: 'f', data: Buffer.alloc(5000) }).subarray(0, 512 + 1000)
    expect(String(attempt(cut))).toContain(
      '"f" at byte 0: the archive is truncated: it ends at byte 1512, 4000 bytes of the entry are missing',
    )
  })
})
