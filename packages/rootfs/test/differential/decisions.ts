import { type HeaderSpec, member, paxRecord, tar } from '../support/archive.js'
import type { Difference } from './compare.js'
import type { FoundHeader } from './headers.js'
import type { Peer } from './peer-listing.js'

/** A difference that stays, for a reason. */
export interface Decision {
  readonly peers: readonly Peer[]
  readonly fields: readonly Difference['field'][]
  /** What the archive, and the values, must look like; what is not listed is a fault. */
  readonly when: (difference: Difference, headers: readonly FoundHeader[]) => boolean
  readonly reason: string
  /** An archive that needs it. */
  readonly example: () => Buffer
}

const has = (headers: readonly FoundHeader[], type: string, payload = /^/): boolean =>
  headers.some((header) => header.type === type && payload.test(header.payload))

const global = (keyword: string, value: string): Buffer =>
  member({ path: 'global', type: 'g', data: paxRecord(keyword, value) })

/** A sparse file in GNU's old format, of 512 bytes, with no data. */
const allHole: HeaderSpec = {
  path: 's',
  type: 'S',
  magic: 'gnu',
  patch(block) {
    block.write('00000001000\x0000000000000\0', 386, 'latin1')
    block.write('00000001000\0', 483, 'latin1')
  },
}

/** Everything of the entry, and of those behind it: the reader has lost the thread. */
const ALL: readonly Difference['field'][] = [
  'type',
  'path',
  'link',
  'mode',
  'uid',
  'gid',
  'size',
  'mtime',
  'major',
  'minor',
  'count',
  'content',
]

/** Where rt accepts an archive and another reader sees something else in it. */
export const DECISIONS: readonly Decision[] = [
  {
    peers: ['gnu'],
    fields: ALL,
    when: (_, headers) => headers.some(({ type, size }) => '346'.includes(type) && size > 0),
    reason:
      'A device or fifo with a size: POSIX, Go, Python and libarchive say that nothing follows; GNU tar skips that many bytes, as for no directory. Solaris and old libraries write such sizes.',
    example: () => tar({ path: 'p', type: '6', size: 512 }, { path: 'skipped' }, { path: 'f' }),
  },
  {
    peers: ['go', 'libarchive'],
    fields: ['uid', 'gid', 'mtime', 'xattrs'],
    when: (_, headers) => has(headers, 'g'),
    reason:
      'A global header: POSIX, GNU tar and Python apply it to what follows; Go and libarchive read it over. It never renames or resizes anything: rt refuses those keywords in it.',
    example: () => tar(global('mtime', '5'), { path: 'f' }),
  },
  {
    peers: ['gnu'],
    fields: ['uid', 'gid', 'mtime'],
    when: (_, headers) => headers.filter(({ type }) => type === 'g').length > 1,
    reason:
      'Two global headers: the later one overrides the keywords that it has (POSIX). For GNU tar it replaces the earlier one.',
    example: () => tar(global('uid', '77'), global('gid', '77'), { path: 'f' }),
  },
  {
    peers: ['python'],
    fields: ['uid', 'gid', 'mtime'],
    when: (_, headers) => has(headers, 'g') && has(headers, 'S'),
    reason: 'A global header before a sparse file in GNU’s old format: Python forgets to apply it to those alone.',
    example: () => tar(global('uid', '77'), allHole),
  },
  {
    peers: ['go'],
    fields: ['xattrs'],
    when: (_, headers) => has(headers, 'x', /LIBARCHIVE\.xattr/),
    reason: 'LIBARCHIVE.xattr: bsdtar’s own keyword, which Go doesn’t know.',
    example: () => tar({ path: 'f', pax: [['LIBARCHIVE.xattr.user.a', 'QQ']] }),
  },
  {
    peers: ['libarchive'],
    fields: ['xattrs'],
    when: (_, headers) => has(headers, 'x', /LIBARCHIVE\.xattr.*SCHILY\.xattr/s),
    reason:
      'An attribute by both keywords, with two values: star’s counts for rt as for Go; libarchive takes the first.',
    example: () =>
      tar({
        path: 'f',
        pax: [
          ['LIBARCHIVE.xattr.user.a', 'QQ'],
          ['SCHILY.xattr.user.a', 'x'],
        ],
      }),
  },
  {
    peers: ['python'],
    fields: ['path'],
    when: ({ our, their }, headers) =>
      their?.path.endsWith(`/${our!.path}`) === true &&
      headers.some(({ format, text }) => format !== 'ustar' && text[345] !== '\0'),
    reason:
      'What stands behind byte 345 is a prefix of the name in ustar only; GNU’s format has times there, V7 nothing. Python takes it for one whatever the magic.',
    example: () => tar({ path: 'f', magic: 'v7', prefix: 'junk' }),
  },
  {
    peers: ['python'],
    fields: ['major', 'minor'],
    when: (_, headers) => headers.some(({ format, type }) => format === 'v7' && '34'.includes(type)),
    reason: 'V7 has no device numbers. Python reads them whatever the magic.',
    example: () =>
      tar({ path: 'c', type: '3', magic: 'v7', patch: (block) => block.write('0000001\x000000003\0', 329, 'latin1') }),
  },
  {
    peers: ['python'],
    fields: ['path'],
    when: (_, headers) => has(headers, 'x', /GNU\.sparse\.name=.*path=/s),
    reason:
      'GNU.sparse.name is the name, wherever path stands: GNU tar writes both (path has the name for readers that don’t know the format). Python takes the later.',
    example: () =>
      tar({
        path: 'h',
        data: 'ab',
        pax: [
          ['GNU.sparse.size', '2'],
          ['GNU.sparse.numblocks', '1'],
          ['GNU.sparse.name', 'name'],
          ['GNU.sparse.map', '0,2'],
          ['path', 'other'],
        ],
      }),
  },
  {
    peers: ['libarchive'],
    fields: ['mode'],
    when: (_, headers) => has(headers, 'x', /SCHILY\.acl\.access/),
    reason: 'libarchive lets an access control list change the mode. rt doesn’t restore lists, and says so.',
    example: () => tar({ path: 'f', mode: 0o755, pax: [['SCHILY.acl.access', 'user::rw-,group::r--,other::r--']] }),
  },
  {
    peers: ['gnu', 'libarchive'],
    fields: ['mtime'],
    when: (_, headers) => has(headers, 'x', /mtime=-\d+\.\d*[1-9]/) || has(headers, 'g', /mtime=-\d+\.\d*[1-9]/),
    reason:
      'A time before 1970 with a fraction: -1.5 is a decimal number (POSIX, Go, Python), not -1 and half a second more.',
    example: () => tar({ path: 'f', pax: [['mtime', '-1.5']] }),
  },
]
