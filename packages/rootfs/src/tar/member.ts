import type { ByteString } from './byte-string.js'
import type { TarEntryType, Timestamp } from './entry.js'
import type { TarHeader } from './header.js'
import { FieldError } from './number-field.js'
import type { PaxAttributes } from './pax-attributes.js'

/** What the headers before a member's own say about it. */
export interface PendingHeaders {
  /** Offset of the first of them. */
  offset: number
  pax: PaxAttributes | undefined
  /** GNU's type L and K. */
  longName: ByteString | undefined
  longLink: ByteString | undefined
  /** Whether there were extended headers anywhere before. */
  isPax: boolean
}

/** A member's headers, merged: all of a TarEntry but its number, offset and sparse map. */
export interface Member {
  readonly type: TarEntryType
  readonly path: ByteString
  readonly linkPath: ByteString
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes that follow in the archive. */
  readonly dataSize: number
  readonly mtime: Timestamp
  readonly atime: Timestamp | undefined
  readonly major: number
  readonly minor: number
}

const TYPES: Readonly<Record<string, TarEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file', // contiguous: a hint for a filesystem that nobody has
  S: 'file', // GNU's old sparse format
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
}

const REFUSED: Readonly<Record<string, string>> = {
  A: 'a Solaris access control list',
  D: 'a directory listing of a GNU incremental backup',
  E: 'a Solaris extended attribute file',
  M: 'a part of a multi-volume archive',
  N: 'a long name in an obsolete GNU format',
  X: 'an extended header in a pre-POSIX format',
}

/**
 * The type of a header that is a member's own.
 *
 * @throws FieldError for types that are not read: an entry that is left out would be silently missing
 */
function memberType({ type: typeFlag, format, name }: TarHeader, path: ByteString): TarEntryType {
  const type = TYPES[typeFlag]
  if (typeFlag === 'S' && format !== 'gnu') {
    throw new FieldError('a sparse file in GNU’s old format (type "S") whose header is not GNU’s')
  }
  if (typeFlag === '\0' && name.endsWith('/') && !path.endsWith('/')) {
    throw new FieldError(
      'type "\\0", whose own name ends with a slash and whose long name does not: Python makes a directory of it, others a file',
    )
  }
  if (type === 'file' && path.endsWith('/')) {
    // V7 had no type for directories: a slash at the end of its own name was all. (Python looks at no other.)
    if (typeFlag === '\0' && name.endsWith('/')) return 'directory'
    throw new FieldError(
      `type "${typeFlag}", a file, whose name ends with a slash: GNU tar and libarchive make a directory of it, Go and Python a file`,
    )
  }
  if (type !== undefined) return type
  const known = REFUSED[typeFlag]
  throw new FieldError(
    known === undefined
      ? `unknown entry type ${JSON.stringify(typeFlag)}`
      : `${known} (type "${typeFlag}"), which is not read`,
  )
}

/** One of two headers that may both give a name; readers disagree on which wins, so they must agree. */
function either(gnu: ByteString | undefined, pax: ByteString | undefined, what: string): ByteString | undefined {
  if (gnu !== undefined && pax !== undefined && gnu !== pax) {
    throw new FieldError(`${what} is given by a GNU header and by a pax header, differently`)
  }
  return gnu ?? pax
}

/** Types whose size says nothing (POSIX: "ignored" for a directory): Solaris and others put st_size there. */
const NO_CONTENT = '3456'

/**
 * Bytes that follow the header.
 *
 * @throws FieldError where some readers skip them and others don't: what follows would mean different things to them
 */
function dataSize(type: TarEntryType, header: TarHeader, { pax, isPax }: PendingHeaders): number {
  if (header.size < 0) throw new FieldError(`bad size: ${header.size}`)
  const size = pax?.size ?? header.size
  if (type === 'file' || size === 0) return size
  if (NO_CONTENT.includes(header.type) && pax?.size === undefined) return 0
  // Some writers repeat the size of the first name. In pax's own format a link may have content: once libarchive has seen
  // an extended header, it skips that many bytes.
  if (type === 'hardlink' && !isPax) return 0
  throw new FieldError(`bad size: ${size} bytes of content in a ${type} entry`)
}

/** An owner that chown(2) can set: 2^32-1 means "leave it" there (and CVE-2026-46680 is what wraps around). */
function checkOwner(id: number, what: string): number {
  if (id < 0 || id > 0xfffffffe) throw new FieldError(`bad ${what}: ${id} is not between 0 and 4294967294`)
  return id
}

/**
 * Merges a member's header with what came before it; an extended header's own values win over global ones, those over
 * the header's.
 *
 * @throws FieldError for what contradicts itself or is out of range
 */
export function mergeMember(header: TarHeader, pending: PendingHeaders, global: PaxAttributes): Member {
  const { pax } = pending
  const path = either(pending.longName, pax?.sparse?.name ?? pax?.path, 'the name') ?? header.name
  if (path === '') throw new FieldError('the name is empty')
  const type = memberType(header, path)
  const isLink = type === 'symlink' || type === 'hardlink'
  const linkPath = isLink ? (either(pending.longLink, pax?.linkPath, 'the link target') ?? header.linkName) : ''
  if (isLink && linkPath === '') throw new FieldError(`the ${type} has no target`)
  if (isLink && header.linkName === '') {
    // libarchive makes a file of it, or a link to nothing. Every writer puts there what fits.
    throw new FieldError(`a ${type} whose own header has no target, but another: readers disagree on which counts`)
  }
  const isDevice = type === 'character' || type === 'block'
  if (isDevice && !(header.major >= 0 && header.major <= 0xfff && header.minor >= 0 && header.minor <= 0xfffff)) {
    throw new FieldError(`bad device number: ${header.major}:${header.minor}`) // kernel: 12 and 20 bits
  }
  const [major, minor] = [pax?.major ?? header.major, pax?.minor ?? header.minor]
  if (isDevice && (major !== header.major || minor !== header.minor)) {
    // libarchive goes by the extended header, all others by the header.
    throw new FieldError(`two device numbers: ${header.major}:${header.minor} and ${major}:${minor}`)
  }
  return {
    type,
    path,
    linkPath,
    mode: header.mode & 0o7777,
    uid: checkOwner(pax?.uid ?? global.uid ?? header.uid, 'owner'),
    gid: checkOwner(pax?.gid ?? global.gid ?? header.gid, 'group'),
    dataSize: dataSize(type, header, pending),
    mtime: pax?.mtime ?? global.mtime ?? { seconds: header.mtime, nanoseconds: 0 },
    atime: pax?.atime ?? global.atime,
    major: isDevice ? header.major : 0,
    minor: isDevice ? header.minor : 0,
  }
}
