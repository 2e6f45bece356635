import { RtError } from '@rt/sys'
import { decodeHeader, isZeroBlock } from '../tar/header.js'
import { FieldError } from '../tar/number-field.js'

/** How a layer or tar file is compressed. */
export type Compression = 'none' | 'gzip' | 'zstd'

/** Versions of zstd's format before the one that is specified, by their first byte; the others are those of today's. */
const OLD_ZSTD = [0x1e, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27]

/** First bytes → format. The last rows are weak: two or three bytes. */
const MAGIC: readonly (readonly [name: string, ...bytes: number[]])[] = [
  ['gzip', 0x1f, 0x8b],
  ['zstd', 0x28, 0xb5, 0x2f, 0xfd],
  ...OLD_ZSTD.map((first) => ['old zstd', first, 0xb5, 0x2f, 0xfd] as const),
  ['xz', 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  ['bzip2', 0x42, 0x5a, 0x68],
  ['lz4', 0x04, 0x22, 0x4d, 0x18],
  ['lz4', 0x02, 0x21, 0x4c, 0x18], // its legacy format, as Linux kernels use it
  ['lzip', 0x4c, 0x5a, 0x49, 0x50],
  ['lzop', 0x89, 0x4c, 0x5a, 0x4f],
  ['zip', 0x50, 0x4b, 0x03, 0x04],
  ['7z', 0x37, 0x7a, 0xbc, 0xaf],
  ['compress', 0x1f, 0x9d],
  ['pack', 0x1f, 0x1e],
  ['lzma', 0x5d, 0x00, 0x00],
]

/** How each format that is not read can be turned into one that is. */
const REMEDY: Readonly<Record<string, string>> = {
  'old zstd': 'zstd -dc FILE | gzip > FILE.tar.gz',
  xz: 'xz -dc FILE | gzip > FILE.tar.gz',
  bzip2: 'bzip2 -dc FILE | gzip > FILE.tar.gz',
  lz4: 'lz4 -dc FILE | gzip > FILE.tar.gz',
  lzip: 'lzip -dc FILE | gzip > FILE.tar.gz',
  lzop: 'lzop -dc FILE | gzip > FILE.tar.gz',
  lzma: 'xz --format=lzma -dc FILE | gzip > FILE.tar.gz',
  compress: 'gzip -dc FILE | gzip > FILE.tar.gz',
  pack: 'gzip -dc FILE | gzip > FILE.tar.gz',
}

/** zstd's skippable frames (RFC 8878, 3.1.2): 0x184D2A50 to 0x184D2A5F, little-endian. pzstd begins with one. */
const isSkippableFrame = (head: Uint8Array): boolean =>
  head.length >= 4 && (head[0]! & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18

/** A header whose checksum fits is no accident, even if a file in it is called "BZh…". */
function isTar(head: Uint8Array): boolean {
  if (head.length < 512) return false
  if (isZeroBlock(head, 0)) return true
  try {
    decodeHeader(head, 0)
    return true
  } catch (error) {
    if (error instanceof FieldError) return false
    throw error
  }
}

/**
 * What the first bytes say a file is. Names and media types are not trusted with it.
 *
 * @param head the first 512 bytes, or all there is
 * @param path for the error
 * @throws RtError RT_ARCHIVE for a compression that is not read, by name, and for what is no archive at all
 */
export function detectCompression(head: Uint8Array, path: string): Compression {
  if (isTar(head)) return 'none'
  const quoted = JSON.stringify(path)
  if (head.length === 0) throw new RtError('RT_ARCHIVE', `cannot read archive ${quoted}: the file is empty`)
  const name = isSkippableFrame(head)
    ? 'zstd'
    : MAGIC.find(([, ...bytes]) => bytes.every((byte, index) => head[index] === byte))?.[0]
  if (name === 'gzip' || name === 'zstd') return name
  if (name === undefined) {
    throw new RtError(
      'RT_ARCHIVE',
      `cannot read archive ${quoted}: expected a tar, plain or compressed by gzip or zstd`,
    )
  }
  const isCompression = Object.hasOwn(REMEDY, name)
  throw new RtError(
    'RT_ARCHIVE',
    `cannot read archive ${quoted}: expected a tar, plain or compressed by gzip or zstd, got ${isCompression ? `${name} compression` : `a ${name} archive`}`,
    { hint: isCompression ? `compress it again: ${REMEDY[name]}` : undefined },
  )
}
