// requires nothing; zstd for some: what node:zlib can't make is made by the zstd program
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { CompressedFile } from '../src/compression/compressed-file.js'
import { decompress } from '../src/compression/decompress.js'
import { detectCompression } from '../src/compression/magic.js'
import { openRegular } from '../src/unpack/archive.js'
import { tar } from './support/archive.js'

/** Content that is worth compressing, and not too easy: five random bits a byte. */
let state = 1
const content = Buffer.from(
  Array.from({ length: 300_000 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 27
  }),
)

async function read(bytes: Uint8Array): Promise<{ out: Buffer; seen: Buffer }> {
  const path = join(temporaryFolder('decompress'), 'file')
  writeFileSync(path, bytes)
  const { handle, size } = await openRegular(path)
  const seen: Buffer[] = []
  try {
    const file = new CompressedFile(handle, size, path, undefined, (part) => seen.push(Buffer.from(part)))
    const out: Buffer[] = []
    for await (const piece of decompress(file, detectCompression(bytes.subarray(0, 512), path)))
      out.push(Buffer.from(piece))
    return { out: Buffer.concat(out), seen: Buffer.concat(seen) }
  } finally {
    await handle.close()
  }
}

const zstd = (bytes: Uint8Array, ...flags: string[]): Buffer =>
  spawnSync('zstd', ['-q', '-c', ...flags], { input: bytes }).stdout

const SKIPPABLE = Buffer.from('502a4d1804000000deadbeef', 'hex')

describe('decompress', () => {
  const gzip = gzipSync(content)

  it('gives the content, and shows every compressed byte once', async () => {
    const { out, seen } = await read(gzip)
    expect(out.equals(content)).toBe(true)
    expect(seen.equals(gzip)).toBe(true)
  })

  it('reads gzip members one after the other, wherever reads divide them', async () => {
    for (const first of [1, 262_143, 262_144, 262_145]) {
      const filler = deflateRawSync(Buffer.alloc(0)).length
      expect(filler).toBeGreaterThan(0)
      const members = [content.subarray(0, first), content.subarray(first, 290_000), content.subarray(290_000)]
      const { out } = await read(Buffer.concat(members.map((each) => gzipSync(each, { level: 0 }))))
      expect(out.equals(content)).toBe(true)
    }
  })

  it('takes zeros behind gzip for padding, and covers them', async () => {
    const padded = Buffer.concat([gzip, Buffer.alloc(1_000_000)])
    const { out, seen } = await read(padded)
    expect(out.equals(content)).toBe(true)
    expect(seen.length).toBe(padded.length)
  })

  it('reads zstd frames one after the other, skippable ones too', async (context) => {
    needs(context, 'zstd')
    const parts = [content.subarray(0, 1000), content.subarray(1000, 200_000), content.subarray(200_000)]
    const frames = parts.flatMap((part) => [SKIPPABLE, zstd(part)])
    const { out, seen } = await read(Buffer.concat([...frames, SKIPPABLE]))
    expect(out.equals(content)).toBe(true)
    expect(seen.length).toBe(Buffer.concat([...frames, SKIPPABLE]).length)
  })

  it('reads 20,000 zstd frames, as zstd:chunked has them', async (context) => {
    needs(context, 'zstd')
    const frame = zstd(Buffer.from('content of a small file\n'))
    const frames = Buffer.concat(Array.from({ length: 20_000 }, () => frame))
    const { out, seen } = await read(frames)
    expect(out.length).toBe(20_000 * 24)
    expect(seen.equals(frames)).toBe(true)
  })

  it('reads a large window', async (context) => {
    needs(context, 'zstd')
    const { out } = await read(zstd(content, '--long=27'))
    expect(out.equals(content)).toBe(true)
  })
})

/** A frame of one empty block, with a header that says what it likes (RFC 8878, 3.1.1). */
const zstdFrame = (descriptor: number, ...header: number[]): Buffer =>
  Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor, ...header]), Buffer.from([1, 0, 0])])

/** Descriptor and fields of frames that the decoder hasn't the means for → what is said. */
const BEYOND: Record<string, [frame: Buffer, message: string, hint: string]> = {
  'a window above 128 MiB': [
    zstdFrame(0, 17 * 8 + 1),
    'it needs a window of 144 MiB, and at most 128 MiB',
    '--long=31',
  ],
  'a window of 2 GiB': [zstdFrame(0, 21 * 8), 'it needs a window of 2048 MiB', '--long=31'],
  'one segment of 4 bytes’ size': [zstdFrame(0xa0, 1, 0, 0, 8), 'it needs a window of 129 MiB', '--long=31'],
  'one segment of 8 bytes’ size': [
    zstdFrame(0xe0, 0, 0, 0, 0, 1, 0, 0, 0),
    'it needs a window of 4096 MiB',
    '--long=31',
  ],
  'a dictionary, 1 byte': [zstdFrame(1, 0, 7), 'it needs the dictionary 7', '-D DICTIONARY'],
  'a dictionary, 2 bytes': [zstdFrame(2, 0, 1, 2), 'it needs the dictionary 513', '-D DICTIONARY'],
  'a dictionary, 4 bytes, and one segment': [zstdFrame(0x23, 1, 0, 0, 1, 5), 'it needs the dictionary 16777217', '-D'],
}

describe('a zstd frame that needs more than there is', () => {
  it.for(Object.entries(BEYOND))('%s', async ([, [frame, message, hint]], context) => {
    for (const bytes of [frame, Buffer.concat([SKIPPABLE, frame])]) {
      await expect(read(bytes)).rejects.toMatchObject({
        code: 'RT_ARCHIVE',
        message: expect.stringContaining(`: its zstd stream: ${message}`),
        hint: expect.stringContaining(hint),
      })
    }
    needs(context, 'zstd')
    // Behind frames that are whole: with a checksum, without, of raw, repeated and compressed blocks.
    const whole = [zstd(content, '--check'), zstd(content, '--no-check'), zstd(Buffer.alloc(300_000))]
    await expect(read(Buffer.concat([...whole, frame]))).rejects.toThrow(message)
  })

  it('is told from one that needs just what there is', async (context) => {
    needs(context, 'zstd')
    const fits = [zstdFrame(0, 17 * 8), zstdFrame(0x60, 0, 0), zstdFrame(0xa0, 0, 0, 0, 8)]
    for (const frame of fits) {
      const error = await read(Buffer.concat([frame, zstd(content)])).then(
        () => undefined,
        (caught: Error) => caught,
      )
      expect(String(error)).not.toMatch(/window|dictionary/)
    }
  })
})

const damage: Record<string, [make: () => Buffer, message: RegExp, program?: 'zstd']> = {
  'gzip, cut': [() => gzipSync(content).subarray(0, 5000), /its gzip stream: unexpected end of file/],
  'gzip, changed': [
    () => {
      const bytes = gzipSync(content)
      bytes[bytes.length - 6]! ^= 1
      return bytes
    },
    /its gzip stream: incorrect (data|length) check/,
  ],
  'gzip with something behind it': [
    () => Buffer.concat([gzipSync(content), Buffer.from('junk')]),
    /its gzip stream: incorrect header check/,
  ],
  'gzip with something behind zeros': [
    () => Buffer.concat([gzipSync(content), Buffer.alloc(700_000), Buffer.from('junk')]),
    /something after its compressed content/,
  ],
  'zstd, cut': [() => zstd(content).subarray(0, 5000), /its zstd stream/, 'zstd'],
  'zstd, changed': [
    () => {
      const bytes = zstd(content, '--check')
      bytes[bytes.length - 2]! ^= 1
      return bytes
    },
    /its zstd stream: it is corrupt/,
    'zstd',
  ],
  'zstd, changed in the middle': [
    () => {
      const bytes = zstd(content, '--check')
      bytes.fill(0xff, 2000, 2040)
      return bytes
    },
    /its zstd stream: it is corrupt/,
    'zstd',
  ],
  'zstd with something behind it': [
    () => Buffer.concat([zstd(content), Buffer.from('junk')]),
    /its zstd stream/,
    'zstd',
  ],
}

describe('damaged', () => {
  it.for(Object.entries(damage))('%s', async ([, [make, message, program]], context) => {
    if (program) needs(context, program)
    const error = await read(make()).then(
      () => undefined,
      (caught: unknown) => caught,
    )
    expect(RtError.isInstance(error) && error.code).toBe('RT_ARCHIVE')
    expect((error as Error).message).toMatch(message)
  })
})

/** First bytes → what is said. */
const FOREIGN: Record<string, string> = {
  fd377a585a000004: 'got xz compression',
  '425a683931415926': 'got bzip2 compression',
  '04224d18': 'got lz4 compression',
  '02214c18': 'got lz4 compression',
  '1eb52ffd': 'got old zstd compression',
  '27b52ffd': 'got old zstd compression',
  '4c5a4950': 'got lzip compression',
  '894c5a4f': 'got lzop compression',
  '5d00008000': 'got lzma compression',
  '1f9d90': 'got compress compression',
  '504b0304': 'got a zip archive',
  '377abcaf271c': 'got a 7z archive',
  '7f454c46': 'expected a tar, plain or compressed by gzip or zstd',
  '': 'the file is empty',
}

describe('detectCompression', () => {
  it.for(Object.entries(FOREIGN))('%s: %s', ([hex, message]) => {
    expect(() => detectCompression(Buffer.from(hex, 'hex'), 'x')).toThrow(message)
  })

  it('believes a header’s checksum over a name that begins like a compression', () => {
    expect(detectCompression(tar({ path: 'BZh91AY' }).subarray(0, 512), 'x')).toBe('none')
    expect(detectCompression(Buffer.alloc(512), 'x')).toBe('none')
  })
})
