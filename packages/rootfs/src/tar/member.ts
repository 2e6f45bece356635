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
function memberType(typeFlag: string): TarEntryType {
  const type = TYPES[typeFlag]
  if (type !== undefined) return type
  const known = REFUSED[typeFlag]
  throw new FieldError(
    known === undefined
      ? `unknown entry type ${JSON.stringify(typeFlag)}`
      : `${known} (type "${typeFlag}"), which is not read`,
  )
}

/** One of two headers that may both give a value; readers disagree on which wins, so both is an error. */
function either<T>(gnu: T | undefined, pax: T | undefined, what: string): T | undefined {
  if (gnu !== undefined && pax !== undefined) {
    throw new FieldError(`${what} is given by a GNU header and by a pax header`)
  }
  return gnu ?? pax
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
  let type = memberType(header.type)
  const path = either(pending.longName, pax?.path, 'the name') ?? header.name
  const linkPath = either(pending.longLink, pax?.linkPath, 'the link target') ?? header.linkName
  if (path === '') throw new FieldError('the name is empty')
  let dataSize = pax?.size ?? header.size
  // V7 had no type for directories: a slash at the end was all.
  if (type === 'file' && path.endsWith('/')) type = 'directory'
  if (type === 'hardlink' && pax?.size === undefined) dataSize = 0 // some writers repeat the size of the first name
  if (dataSize < 0) throw new FieldError(`bad size: ${dataSize}`)
  if (type !== 'file' && dataSize !== 0) {
    // Some readers skip that many bytes, others none: what follows would mean different things to them.
    throw new FieldError(`bad size: ${dataSize} bytes of content in a ${type} entry`)
  }
  const isLink = type === 'symlink' || type === 'hardlink'
  if (isLink && linkPath === '') throw new FieldError(`the ${type} has no target`)
  const isDevice = type === 'character' || type === 'block'
  if (isDevice && !(header.major >= 0 && header.major <= 0xfff && header.minor >= 0 && header.minor <= 0xfffff)) {
    throw new FieldError(`bad device number: ${header.major}:${header.minor}`) // kernel: 12 and 20 bits
  }
  return {
    type,
    path,
    linkPath: isLink ? linkPath : '',
    mode: header.mode & 0o7777,
    uid: checkOwner(pax?.uid ?? global.uid ?? header.uid, 'owner'),
    gid: checkOwner(pax?.gid ?? global.gid ?? header.gid, 'group'),
    dataSize,
    mtime: pax?.mtime ?? global.mtime ?? { seconds: header.mtime, nanoseconds: 0 },
    atime: pax?.atime ?? global.atime,
    major: isDevice ? header.major : 0,
    minor: isDevice ? header.minor : 0,
  }
}
