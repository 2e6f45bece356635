import { gnuLong, member, paxRecord, tar } from '../support/archive.js'

/** What rt refuses though all others read it, and alike. */
export interface Refusal {
  /** The message, its position left out. */
  readonly message: RegExp
  readonly reason: string
  /** An archive of which that is true. */
  readonly example: () => Buffer
}

const pax = (keyword: string, value: string, type: 'x' | 'g' = 'x'): Buffer =>
  member({ path: 'pax', type, data: paxRecord(keyword, value) })

export const REFUSALS: readonly Refusal[] = [
  {
    message: /^the archive is truncated: it ends at byte/,
    reason: 'Without an end mark: a copy that broke off between two entries looks like that.',
    example: () => member({ path: 'f' }),
  },
  {
    message: /^the name is empty/,
    reason: 'Nothing can have that name.',
    example: () => tar({ path: '' }),
  },
  {
    message: /^the (symlink|hardlink) has no target/,
    reason: 'The kernel makes no link to nothing.',
    example: () => tar({ path: 'l', type: '2' }),
  },
  {
    message: /^bad device number/,
    reason: 'The kernel has no such device.',
    example: () => tar({ path: 'c', type: '3', major: 4096 }),
  },
  {
    message: /^bad (owner|group): .* is not between/,
    reason: 'The kernel has no such user, and takes 2^32-1 for "leave it" (CVE-2026-46680 is what wraps around).',
    example: () => tar({ path: 'f', pax: [['uid', '4294967295']] }),
  },
  {
    message: /^a long name that (is empty|holds a NUL)/,
    reason: 'What stands behind the NUL is seen by other readers than these.',
    example: () => tar(gnuLong('L', 'a\0b'), { path: 'f' }),
  },
  {
    message: /it begins with a NUL but is not empty/,
    reason: 'Readers agree only if the number is 0, or has no consequence.',
    example: () => tar({ path: 'f', size: Buffer.from('\x0000000000000') }),
  },
  {
    message: /^an extended header is followed by no entry but/,
    reason: 'Readers agree only if the extended header says nothing.',
    example: () => tar(pax('comment', 'x'), member({ path: 'g', type: 'g' }), { path: 'f' }),
  },
  {
    message: /^two headers of type/,
    reason: 'Readers agree only if one of them says nothing, or another replaces both.',
    example: () => tar(pax('comment', 'x'), pax('comment', 'x'), { path: 'f' }),
  },
  {
    message: /^unknown magic/,
    reason: 'Readers agree only if there is no prefix and no device number.',
    example: () => tar({ path: 'f', patch: (block) => block.write('ustarx', 257, 'latin1') }),
  },
  {
    message: /^a GNU header with a ustar prefix/,
    reason: 'Readers agree only if another header has the name.',
    example: () => tar(gnuLong('L', 'long'), { path: 'f', magic: 'gnu', prefix: 'text' }),
  },
  {
    message: /^a sparse map in the header of what is no sparse file/,
    reason: 'Readers agree only if it is empty, or the entry has no content.',
    example: () => tar({ path: 'f', magic: 'gnu', patch: (block) => block.write('1', 400) }),
  },
  {
    message: /^a name too long for star’s format/,
    reason: 'Readers agree only if another header has the name.',
    example: () =>
      tar(gnuLong('L', 'long'), {
        path: 'f',
        prefix: 'p'.repeat(131),
        patch: (block) => block.write('tar\0', 508, 'latin1'),
      }),
  },
  {
    message: /^a prefix of the name, and no name/,
    reason: 'Readers agree only about a directory, or if another header has the name.',
    example: () => tar({ path: '', prefix: 'dir', type: '5' }),
  },
  {
    message: /^bad extended header keyword/,
    reason: 'Readers agree only if another record or header replaces it.',
    example: () => tar({ path: 'f', pax: [['linkpath', '']] }),
  },
  {
    message: /^bad global extended header/,
    reason: 'The keyword is for one entry, or stands there twice; readers agree only if it changes nothing.',
    example: () => tar(pax('SCHILY.devmajor', '1', 'g'), { path: 'f' }),
  },
  {
    message: /^bad sparse map/,
    reason: 'Readers agree only about a file without data, or about records that say the same twice.',
    example: () =>
      tar({
        path: 's',
        pax: [
          ['GNU.sparse.size', '0'],
          ['GNU.sparse.numblocks', '0'],
        ],
      }),
  },
  {
    message: /^unknown sparse format: GNU\.sparse\./,
    reason: 'A keyword of a format to come: others read over it, and would give the map for content.',
    example: () => tar({ path: 'f', pax: [['GNU.sparse.x', '1']] }),
  },
  {
    message: /^a sparse map for a/,
    reason: 'libarchive refuses it too, but for an accident of what stands before; GNU tar skips what follows.',
    example: () =>
      tar(
        { path: 'a', data: Buffer.alloc(1024) },
        {
          path: 'a',
          type: '2',
          link: 'b/',
          magic: 'gnu',
          pax: [
            ['SCHILY.xattr.user.a', 'x'],
            ['GNU.sparse.size', '6'],
            ['atime', '5.25'],
          ],
        },
        member({ path: 'x', type: 'x' }),
        { path: 'c' },
      ),
  },
  {
    message: /^bad size: .* bytes of content in a \w+ entry/,
    reason: 'Readers agree only if nothing follows.',
    example: () => tar({ path: 'l', type: '2', link: 'x', size: 1 }),
  },
  {
    message: /is not base64$/,
    reason: 'libarchive takes what it can of it: a wrong value. Readers agree only if another header replaces it.',
    example: () => tar(pax('LIBARCHIVE.xattr.user.a', '!'), pax('comment', 'x'), { path: 'f' }),
  },
  {
    message: /holds a NUL/,
    reason: 'In a keyword or value that is text: where a C string ends, other readers go on (CVE-2026-59875).',
    example: () => tar({ path: 'f', pax: [['VENDOR.x', 'a\0b']] }),
  },
]
