import { type ByteString, toByteString } from './byte-string.js'
import type { Timestamp } from './entry.js'
import { FieldError, parseDecimal } from './number-field.js'
import type { PaxRecord } from './pax-records.js'
import { isXattr, parseXattrs } from './pax-xattrs.js'

/** The sparse file keywords of GNU tar's three pax formats (0.0, 0.1, 1.0). */
export interface PaxSparse {
  major?: number
  minor?: number
  realSize?: number
  /** Pairs of numbers, by their count. */
  pairs?: number
  /** Name of the file, in place of the header's and of `path`. */
  name?: ByteString
  /** 0.0 and 0.1: offset, length, offset, length, …; undefined if there is no map in the header. */
  numbers?: number[]
}

/** What an extended header says about the next member, or, a global one, about all that follow. */
export interface PaxAttributes {
  path?: ByteString
  linkPath?: ByteString
  size?: number
  uid?: number
  gid?: number
  mtime?: Timestamp
  atime?: Timestamp
  /** Device numbers, as star and libarchive repeat them. */
  major?: number
  minor?: number
  xattrs?: Map<ByteString, Uint8Array>
  sparse?: PaxSparse
  /** Keywords that carry something which is not restored. */
  notRestored: string[]
}

/** `1700000000.123456789`; digits beyond nanoseconds are cut. Negative times count down: -0.5 is half a second before. */
function parseTimestamp(text: string, what: string): Timestamp {
  const match = /^(-?)(0*\d{1,15})(?:\.(\d*))?$/.exec(text)
  if (!match) throw new FieldError(`bad ${what}: expected seconds, found ${JSON.stringify(text.slice(0, 40))}`)
  const seconds = Number(match[2])
  const nanoseconds = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'))
  if (match[1] === '') return { seconds, nanoseconds }
  return nanoseconds === 0
    ? { seconds: -seconds, nanoseconds }
    : { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds }
}

/** Those of the keywords that mean more than one member may not stand in a global header: readers disagree on them. */
const ONE_MEMBER_ONLY = /^(path|linkpath|size|SCHILY\.dev(major|minor)|GNU\.sparse\..*)$/

/**
 * Applies the records of one extended header, later ones over earlier ones.
 *
 * @param global whether the header is for all members that follow
 * @throws FieldError for a value that is malformed, and for formats that are not read
 */
export function applyPaxRecords(attributes: PaxAttributes, records: readonly PaxRecord[], global: boolean): void {
  const seen = new Set<string>()
  for (const { keyword, value } of records) {
    // POSIX, Python: the last counts. GNU tar: in a global header the first.
    if (global && seen.has(keyword))
      throw new FieldError(`bad global extended header: ${JSON.stringify(keyword)} twice`)
    seen.add(keyword)
    if (global && ONE_MEMBER_ONLY.test(keyword)) {
      throw new FieldError(`bad global extended header: ${JSON.stringify(keyword)} would rename or resize every entry`)
    }
    if (keyword.startsWith('GNU.sparse.')) applySparse(attributes, keyword.slice(11), toByteString(value))
    else if (!isXattr(keyword)) applyText(attributes, keyword, toByteString(value))
  }
  const xattrs = parseXattrs(records)
  if (xattrs.size > 0) attributes.xattrs = new Map([...(attributes.xattrs ?? []), ...xattrs])
}

const verbatim = (text: string): string => text

/** Keyword → where its value goes, and how it is read. */
const SCALARS = {
  path: ['path', verbatim],
  linkpath: ['linkPath', verbatim],
  size: ['size', parseDecimal],
  uid: ['uid', parseDecimal],
  gid: ['gid', parseDecimal],
  mtime: ['mtime', parseTimestamp],
  atime: ['atime', parseTimestamp],
  'SCHILY.devmajor': ['major', parseDecimal],
  'SCHILY.devminor': ['minor', parseDecimal],
} as const

/** Keywords that mean a kind of archive which is not read. */
const REFUSED: Readonly<Record<string, string>> = {
  'SCHILY.realsize': 'a sparse file in star’s own format, which is not read',
  'GNU.volume.filename': 'a part of a multi-volume archive, which is not read',
  'GNU.volume.offset': 'a part of a multi-volume archive, which is not read',
}

function applyText(attributes: PaxAttributes, keyword: string, text: string): void {
  const refused = Object.hasOwn(REFUSED, keyword) ? REFUSED[keyword] : undefined
  if (refused !== undefined) throw new FieldError(refused)
  if (Object.hasOwn(SCALARS, keyword)) {
    const [key, parse] = SCALARS[keyword as keyof typeof SCALARS]
    // POSIX: the keyword is taken back. Go does that, GNU tar refuses numbers, libarchive and Python take 0 or no name.
    if (text === '')
      throw new FieldError(`bad extended header keyword "${keyword}": it is empty, where readers disagree`)
    Object.assign(attributes, { [key]: parse(text, `extended header keyword "${keyword}"`) })
  }
  // Owners by name are left out: the names are those of another machine (image-spec: the numbers count).
  else if (/^(SCHILY\.(acl|fflags)|RHT\.security)/.test(keyword)) attributes.notRestored.push(keyword)
}

function applySparse(attributes: PaxAttributes, keyword: string, text: string): void {
  attributes.sparse ??= {}
  const { sparse } = attributes
  const number = () => parseDecimal(text, `extended header GNU.sparse.${keyword}`)
  switch (keyword) {
    case 'name':
      sparse.name = text
      break
    case 'major':
      sparse.major = number()
      break
    case 'minor':
      sparse.minor = number()
      break
    case 'size':
    case 'realsize': {
      const size = number()
      if (sparse.realSize !== undefined && sparse.realSize !== size) {
        throw new FieldError(`bad sparse map: the file’s size is ${sparse.realSize} and ${size}`)
      }
      sparse.realSize = size
      break
    }
    case 'numblocks':
      if (sparse.pairs !== undefined) throw new FieldError('bad sparse map: the number of its runs is given twice')
      sparse.pairs = number()
      break
    case 'offset':
    case 'numbytes':
      sparse.numbers ??= []
      // 0.0 repeats the two keywords, in turn.
      if (sparse.numbers.length % 2 !== (keyword === 'offset' ? 0 : 1)) {
        throw new FieldError('bad sparse map: GNU.sparse.offset and GNU.sparse.numbytes must take turns')
      }
      sparse.numbers.push(number())
      break
    case 'map':
      if (sparse.numbers) throw new FieldError('bad sparse map: there are two')
      sparse.numbers = text.split(',').map((part) => parseDecimal(part, 'sparse map'))
      break
    default:
      throw new FieldError(`unknown sparse format: GNU.sparse.${keyword}`)
  }
}
