// requires nothing: the tar codec touches no file
import { RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { base256, END, gnuLong, type HeaderSpec, headerBlock, member, paxRecord, tar } from './support/archive.js'
import { type ReadEntry, readTar } from './support/read-tar.js'

const only = (archive: Buffer): ReadEntry => {
  const entries = readTar(archive)
  expect(entries).toHaveLength(1)
  return entries[0]!
}

/** Header objects → the fields that must come out. */
const READ: Record<string, [archive: Buffer, expected: Partial<ReadEntry>]> = {
  'a ustar file': [
    tar({ path: 'a/b', mode: 0o4755, uid: 1000, gid: 100, mtime: 1, data: 'hello' }),
    { type: 'file', path: 'a/b', mode: 0o4755, uid: 1000, gid: 100, size: 5, mtime: { seconds: 1, nanoseconds: 0 } },
  ],
  'a ustar prefix': [tar({ path: 'name', prefix: 'some/dir' }), { path: 'some/dir/name' }],
  'a name of exactly 100 bytes, without NUL': [tar({ path: 'x'.repeat(100) }), { path: 'x'.repeat(100) }],
  'no prefix in a GNU header, but times': [
    tar({ path: 'name', prefix: '14000000000\x0014000000000\0', magic: 'gnu' }),
    { path: 'name' },
  ],
  'no prefix in a V7 header': [tar({ path: 'name', prefix: 'junk', magic: 'v7' }), { path: 'name' }],
  'a prefix of 155 bytes': [tar({ path: 'name', prefix: 'p'.repeat(155) }), { path: `${'p'.repeat(155)}/name` }],
  'star’s times behind a prefix': [
    tar({
      path: 'name',
      prefix: 'dir',
      patch(block) {
        block.write('14000000000 14000000000 ', 345 + 131, 'latin1')
        block.write('tar\0', 508, 'latin1')
      },
    }),
    { path: 'dir/name' },
  ],
  'a V7 directory, told by its slash': [tar({ path: 'dir/', type: '\0', magic: 'v7' }), { type: 'directory' }],
  'a V7 header with junk where ustar has devices': [
    tar({ path: 'f', type: '\0', magic: 'v7', patch: (block) => block.fill('junk', 329, 345) }),
    { type: 'file', major: 0 },
  ],
  'type 7 as a file': [tar({ path: 'f', type: '7', data: 'x' }), { type: 'file', size: 1 }],
  'a symlink': [tar({ path: 'l', type: '2', link: '../x' }), { type: 'symlink', linkPath: '../x', size: 0 }],
  'a hard link that repeats its size': [
    tar({ path: 'l', type: '1', link: 'f', size: 4711 }),
    { type: 'hardlink', linkPath: 'f', size: 0 },
  ],
  'a directory with a size, which is ignored (POSIX)': [
    tar({ path: 'd', type: '5', size: 255 }),
    { type: 'directory', size: 0 },
  ],
  'a fifo with a size': [tar({ path: 'p', type: '6', size: 7 }), { type: 'fifo', size: 0 }],
  'a device with a size': [tar({ path: 'c', type: '3', size: 7 }), { type: 'character', size: 0 }],
  'empty number fields': [
    tar({ path: 'f', uid: Buffer.alloc(8), gid: Buffer.alloc(8, ' '), size: Buffer.alloc(12) }),
    { uid: 0, gid: 0, size: 0 },
  ],
  'a number field without terminator': [tar({ path: 'f', uid: Buffer.from('00000017') }), { uid: 0o17 }],
  'a character device': [
    tar({ path: 'null', type: '3', major: 1, minor: 3 }),
    { type: 'character', major: 1, minor: 3 },
  ],
  'a block device': [tar({ path: 'sda', type: '4', major: 8, minor: 0xfffff }), { type: 'block', minor: 0xfffff }],
  'a fifo': [tar({ path: 'p', type: '6' }), { type: 'fifo' }],
  'mode with the file type in it': [tar({ path: 'f', mode: 0o100644 }), { mode: 0o644 }],
  'numbers with spaces': [
    tar({ path: 'f', uid: Buffer.from('  12 3\0\0'), gid: Buffer.from('     17 ') }),
    { uid: 0o12, gid: 0o17 },
  ],
  'base-256 numbers': [
    tar({ path: 'f', uid: base256(3_000_000_000, 8), mtime: base256(2 ** 40, 12) }),
    { uid: 3_000_000_000, mtime: { seconds: 2 ** 40, nanoseconds: 0 } },
  ],
  'a base-256 time before 1970': [
    tar({ path: 'f', mtime: base256(-5n, 12) }),
    { mtime: { seconds: -5, nanoseconds: 0 } },
  ],
  'pax: every override': [
    tar({
      path: 'short',
      data: 'abc',
      size: 0,
      pax: [
        ['path', 'päth/long'],
        ['size', '3'],
        ['uid', '4294967294'],
        ['gid', '70000'],
        ['mtime', '1700000000.123456789'],
        ['atime', '12.5'],
      ],
    }),
    {
      path: Buffer.from('päth/long').toString('latin1'),
      size: 3,
      uid: 4294967294,
      gid: 70000,
      mtime: { seconds: 1_700_000_000, nanoseconds: 123_456_789 },
      atime: { seconds: 12, nanoseconds: 500_000_000 },
    },
  ],
  'pax: a time before 1970': [
    tar({ path: 'f', pax: [['mtime', '-1.25']] }),
    { mtime: { seconds: -2, nanoseconds: 750_000_000 } },
  ],
  'pax: more digits than nanoseconds': [
    tar({ path: 'f', pax: [['mtime', '1.9999999999']] }),
    { mtime: { seconds: 1, nanoseconds: 999_999_999 } },
  ],
  'pax: linkpath': [
    tar({ path: 'l', type: '2', link: 'x', pax: [['linkpath', 'long/target']] }),
    { linkPath: 'long/target' },
  ],
  'pax: the later record wins': [
    tar({
      path: 'f',
      pax: [
        ['path', 'a'],
        ['path', 'b'],
      ],
    }),
    { path: 'b' },
  ],
  'pax: zeros before numbers': [
    tar({
      path: 'f',
      data: 'abcde',
      size: 0,
      pax: [
        ['size', '000000000000000000005'],
        ['uid', '00000000000000000000000007'],
        ['mtime', '-00000000000000000001.5'],
      ],
    }),
    { size: 5, uid: 7, mtime: { seconds: -2, nanoseconds: 500_000_000 } },
  ],
  'pax: zeros before the length of a record': [
    tar(member({ path: 'x', type: 'x', data: '00000000000000000024 path=a\n'.replace('24', '28') }), { path: 'f' }),
    { path: 'a' },
  ],
  'pax: a name that GNU’s header gives too': [
    tar(gnuLong('L', 'a'), gnuLong('K', 't'), {
      path: 'f',
      type: '2',
      link: 'x',
      pax: [
        ['path', 'a'],
        ['linkpath', 't'],
      ],
    }),
    { path: 'a', linkPath: 't' },
  ],
  'pax: an attribute as libarchive writes it': [
    tar({ path: 'f', pax: [['LIBARCHIVE.xattr.user.%C3%A4%25', 'QQBC']] }),
    { xattrs: new Map([['user.\xc3\xa4%', new Uint8Array([65, 0, 66])]]) },
  ],
  'pax: star’s attribute over libarchive’s, wherever it stands': [
    tar({
      path: 'f',
      pax: [
        ['SCHILY.xattr.user.a', 'star'],
        ['LIBARCHIVE.xattr.user.a', 'QUJD'],
        ['LIBARCHIVE.xattr.user.b', 'QUI='],
      ],
    }),
    {
      xattrs: new Map([
        ['user.a', new Uint8Array(Buffer.from('star'))],
        ['user.b', new Uint8Array(Buffer.from('AB'))],
      ]),
    },
  ],
  'pax: the name of a sparse file over its path, wherever that stands': [
    tar({
      path: 'f',
      data: 'ab',
      pax: [
        ['path', './GNUSparseFile.1/first'],
        ['GNU.sparse.size', '2'],
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.name', 'name'],
        ['GNU.sparse.map', '0,2'],
        ['path', './GNUSparseFile.1/last'],
      ],
    }),
    { path: 'name', size: 2 },
  ],
  'pax: the device numbers of the header again': [
    tar({
      path: 'c',
      type: '3',
      major: 1,
      minor: 3,
      pax: [
        ['SCHILY.devmajor', '1'],
        ['SCHILY.devminor', '3'],
      ],
    }),
    { major: 1, minor: 3 },
  ],
  'pax: "=" in a value': [tar({ path: 'f', pax: [['path', 'a=b=c']] }), { path: 'a=b=c' }],
  'pax: unknown keywords are left alone': [
    tar({
      path: 'f',
      pax: [
        ['VENDOR.thing', 'x'],
        ['comment', 'y'],
      ],
    }),
    { path: 'f' },
  ],
  'pax: access control lists are said to be lost': [
    tar({ path: 'f', pax: [['SCHILY.acl.access', 'user::rw-']] }),
    { notRestored: ['SCHILY.acl.access'] },
  ],
  'pax: attributes may hold NUL': [
    tar({ path: 'f', pax: [['SCHILY.xattr.security.capability', Buffer.from([1, 0, 0, 2])]] }),
    { xattrs: new Map([['security.capability', new Uint8Array([1, 0, 0, 2])]]) },
  ],
  'pax: a global header': [
    tar(
      member({
        path: 'g',
        type: 'g',
        data: Buffer.concat([paxRecord('mtime', '1234567.5'), paxRecord('uid', '12345')]),
      }),
      {
        path: 'f',
        pax: [['uid', '7']],
      },
    ),
    { uid: 7, mtime: { seconds: 1_234_567, nanoseconds: 500_000_000 } },
  ],
  'GNU: long name and link': [
    tar(gnuLong('L', 'n'.repeat(300)), gnuLong('K', 't'.repeat(200)), {
      path: 'n',
      type: '2',
      link: 't',
      magic: 'gnu',
    }),
    { path: 'n'.repeat(300), linkPath: 't'.repeat(200) },
  ],
  'GNU: the same long name twice': [tar(gnuLong('L', 'aa'), gnuLong('L', 'aa'), { path: 'f' }), { path: 'aa' }],
  'GNU: a long name without NUL': [
    tar(member({ path: 'L', type: 'L', magic: 'gnu', data: 'long' }), { path: 'f' }),
    { path: 'long' },
  ],
  'whatever follows two blocks of zeros': [
    Buffer.concat([tar({ path: 'f' }), headerBlock({ path: 'hidden' }), Buffer.from('junk')]),
    { path: 'f' },
  ],
  'GNU: a volume label is no entry': [tar({ path: 'label', type: 'V', magic: 'gnu' }, { path: 'f' }), { path: 'f' }],
  'a name that is not UTF-8': [tar({ path: '\xff\xfe' }), { path: '\xff\xfe' }],
  'a signed checksum': [tar(headerBlock({ path: '\xe4', checksumOff: -256 })), { path: '\xe4' }],
}

describe('TarReader reads', () => {
  it.for(Object.entries(READ))('%s', ([, [archive, expected]]) => {
    expect(only(archive)).toMatchObject(expected)
  })

  it('the same from pieces of any size', () => {
    const archive = tar(
      { path: 'dir/', mode: 0o700 },
      { path: 'dir/file', data: Buffer.alloc(1500, 'x'), pax: [['mtime', '5.5']] },
      gnuLong('L', 'long'.repeat(60)),
      { path: 'long', magic: 'gnu', data: 'y' },
      { path: 'empty' },
    )
    const whole = readTar(archive)
    for (const step of [1, 7, 511, 512, 513, 1000, 4096]) expect(readTar(archive, step)).toEqual(whole)
  })

  it('numbers and offsets of the entries', () => {
    const entries = readTar(tar({ path: 'a', data: 'x' }, { path: 'b', pax: [['mtime', '1']] }, { path: 'c' }))
    expect(entries.map(({ index, offset }) => [index, offset])).toEqual([
      [1, 0],
      [2, 1024],
      [3, 1024 + 1536],
    ])
  })

  it('an archive without end mark, if that is allowed, and one zero block as one', () => {
    const without = member({ path: 'f', data: 'x' })
    expect(readTar(without, without.length, { endMark: 'optional' })).toHaveLength(1)
    expect(() => readTar(without)).toThrow('truncated')
    expect(readTar(Buffer.concat([without, Buffer.alloc(512)]))).toHaveLength(1)
    expect(readTar(END)).toEqual([])
  })

  it('a last file that is not filled up to a block, as umoci writes it, where no end mark is needed', () => {
    const whole = member({ path: 'f', data: 'content' })
    const content = 512 + 'content'.length
    const read = (length: number, endMark: 'required' | 'optional') =>
      readTar(whole.subarray(0, length), length, { endMark })
    expect(read(content, 'optional')).toEqual(readTar(whole, whole.length, { endMark: 'optional' }))
    expect(() => read(content, 'required')).toThrow('truncated')
    for (const length of [content - 1, content + 1, 1023]) expect(() => read(length, 'optional')).toThrow('truncated')
  })

  it('an extended header of exactly the limit, and no longer one', () => {
    const archive = (length: number) =>
      tar(member({ path: 'x', type: 'x', data: paxRecord('comment', 'c'.repeat(length)) }), { path: 'f' })
    const limit = 1000
    const length = limit - '1000 comment=\n'.length
    const options = { maxHeaderBytes: limit }
    expect(readTar(archive(length), 512, options)).toHaveLength(1)
    expect(() => readTar(archive(length + 1), 512, options)).toThrow('an extended header of 1001 bytes: more than 1000')
  })

  it('a layer of no bytes at all as an empty one', () => {
    expect(readTar(Buffer.alloc(0), 1, { endMark: 'optional' })).toEqual([])
  })
})

/** Sparse files: runs at 1000 (512 bytes) and 5000 (2 bytes) of 6000. */
const SPARSE_CONTENT = Buffer.alloc(6000)
SPARSE_CONTENT.write('a'.repeat(512), 1000)
SPARSE_CONTENT.write('de', 5000)
const SPARSE_DATA = `${'a'.repeat(512)}de`

const oldSparse: HeaderSpec = {
  path: 's',
  type: 'S',
  magic: 'gnu',
  data: SPARSE_DATA,
  patch(block) {
    for (const [at, value] of [
      [386, 1000],
      [398, 512],
      [410, 5000],
      [422, 2],
      [434, 6000],
      [446, 0],
      [483, 6000],
    ] as const) {
      block.write(`${value.toString(8).padStart(11, '0')}\0`, at)
    }
  },
}

const manyExtents = (): Buffer => {
  const pair = (offset: number, length: number) =>
    Buffer.from(`${offset.toString(8).padStart(11, '0')}\0${length.toString(8).padStart(11, '0')}\0`)
  const header = headerBlock({
    path: 's',
    type: 'S',
    magic: 'gnu',
    size: 29 * 512 + 1,
    patch(block) {
      for (let index = 0; index < 4; index++) pair(index * 1000, 512).copy(block, 386 + index * 24)
      block[482] = 1
      block.write(`${(29_001).toString(8).padStart(11, '0')}\0`, 483)
    },
  })
  const extension = (first: number, count: number, more: boolean) => {
    const block = Buffer.alloc(512)
    for (let index = 0; index < count; index++) {
      pair((first + index) * 1000, first + index === 29 ? 1 : 512).copy(block, index * 24)
    }
    if (more) block[504] = 1
    return block
  }
  const data = Buffer.alloc(30 * 512)
  data.fill('z', 0, 29 * 512 + 1)
  return Buffer.concat([header, extension(4, 21, true), extension(25, 5, false), data, END])
}

const SPARSE: Record<string, Buffer> = {
  'GNU old': tar(oldSparse),
  'pax 0.0': tar({
    path: 's',
    data: SPARSE_DATA,
    pax: [
      ['GNU.sparse.size', '6000'],
      ['GNU.sparse.numblocks', '3'],
      ['GNU.sparse.offset', '1000'],
      ['GNU.sparse.numbytes', '512'],
      ['GNU.sparse.offset', '5000'],
      ['GNU.sparse.numbytes', '2'],
      ['GNU.sparse.offset', '6000'],
      ['GNU.sparse.numbytes', '0'],
    ],
  }),
  'pax 0.1': tar({
    path: 'GNUSparseFile.1/s',
    data: SPARSE_DATA,
    pax: [
      ['GNU.sparse.size', '6000'],
      ['GNU.sparse.numblocks', '3'],
      ['GNU.sparse.name', 's'],
      ['GNU.sparse.map', '1000,512,5000,2,6000,0'],
    ],
  }),
  'pax 1.0': tar({
    path: 'GNUSparseFile.1/s',
    data: Buffer.concat([Buffer.from('3\n1000\n512\n5000\n2\n6000\n0\n'.padEnd(512, '\0')), Buffer.from(SPARSE_DATA)]),
    pax: [
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.name', 's'],
      ['GNU.sparse.realsize', '6000'],
    ],
  }),
}

describe('TarReader reads sparse files', () => {
  it.for(Object.entries(SPARSE))('%s', ([, archive]) => {
    for (const step of [1, 100, 512, archive.length]) {
      const entries = readTar(archive, step)
      expect(entries).toHaveLength(1)
      expect(entries[0]).toMatchObject({ path: 's', size: 6000, content: SPARSE_CONTENT })
    }
  })

  it('GNU old with extension blocks', () => {
    const entry = only(manyExtents())
    expect(entry.sparse).toHaveLength(30)
    expect(entry.content.filter((byte) => byte !== 0)).toHaveLength(29 * 512 + 1)
  })

  it('one that is all hole', () => {
    const entry = only(
      tar({
        path: 's',
        pax: [
          ['GNU.sparse.size', '100'],
          ['GNU.sparse.numblocks', '1'],
          ['GNU.sparse.map', '100,0'],
        ],
      }),
    )
    expect(entry).toMatchObject({ size: 100, sparse: [] })
  })
})

/** Archives that must be refused → a part of the message. */
const REFUSED: Record<string, [archive: Buffer, message: string]> = {
  'something that is no tar': [Buffer.alloc(1024, 'no tar '), 'this is not a tar archive'],
  'an empty file': [Buffer.alloc(0), 'the archive is empty'],
  'a bad checksum': [tar({ path: 'a' }, { path: 'b', checksumOff: 1 }), 'entry 2 at byte 512: bad header checksum'],
  'an entry after one block of zeros': [
    Buffer.concat([Buffer.alloc(512), tar({ path: 'a' })]),
    'entry 1 at byte 512: there is something after a block of zeros',
  ],
  'a bad checksum behind an extended header, at its own place': [
    tar({ path: 'a' }, { path: 'b', pax: [['uid', '1']], checksumOff: 1 }),
    'entry 2 at byte 1536: bad header checksum',
  ],
  'a bad record, at its header’s place': [
    tar({ path: 'a' }, gnuLong('L', 'b'), { path: 'b', pax: [['uid', 'x']] }),
    'entry 2 at byte 1536: bad extended header keyword "uid"',
  ],
  'no end mark, with where it ends': [
    member({ path: 'f', data: 'x' }),
    'entry 2 at byte 1024: the archive is truncated: it ends at byte 1024',
  ],
  'no end mark behind padding that is missing': [
    member({ path: 'f', data: 'x' }).subarray(0, 700),
    'entry 2 at byte 1024: the archive is truncated: it ends at byte 700',
  ],
  'a negative size': [tar({ path: 'f', size: base256(-1n, 12) }), 'bad size: -1'],
  'a negative owner': [tar({ path: 'f', uid: base256(-2n, 8) }), 'bad owner: -2'],
  'an owner that chown reads as "leave it"': [
    tar({ path: 'f', pax: [['uid', '4294967295']] }),
    'bad owner: 4294967295',
  ],
  'an owner beyond 32 bits': [tar({ path: 'f', pax: [['gid', '4294967296']] }), 'bad group: 4294967296'],
  'a base-256 number beyond 2^53': [tar({ path: 'f', size: base256(2n ** 60n, 12) }), 'exceeds 2^53'],
  'letters in a number': [
    tar({ path: 'f', uid: Buffer.from('12x4567\0') }),
    'bad owner: expected octal digits, found "12x4567"',
  ],
  'an empty name': [tar({ path: '' }), 'the name is empty'],
  'a symlink to nothing': [tar({ path: 'l', type: '2' }), 'the symlink has no target'],
  'content behind a directory': [tar({ path: 'd', type: '5', data: 'x' }), 'entry 2 at byte 512: bad header checksum'],
  'a directory with content by pax': [
    tar({ path: 'd', type: '5', pax: [['size', '1']] }),
    'content in a directory entry',
  ],
  'a V7 directory with content': [tar({ path: 'd/', type: '\0', size: 1 }), 'content in a directory entry'],
  'a file named as a directory': [tar({ path: 'd/', type: '0' }), 'type "0", a file, whose name ends with a slash'],
  'a contiguous file named as a directory': [tar({ path: 'd/', type: '7' }), 'type "7", a file, whose name ends with'],
  'a V7 directory by another header’s slash': [
    tar(gnuLong('L', 'd/'), { path: 'd', type: '\0' }),
    'a file, whose name ends with a slash',
  ],
  'a V7 file by another header, a directory by its own slash': [
    tar(gnuLong('L', 'd/long'), { path: 'd/', type: '\0' }),
    'whose own name ends with a slash and whose long name does not',
  ],
  'a prefix without a name': [tar({ path: '', prefix: 'dir', type: '5' }), 'a prefix of the name, and no name'],
  'a GNU header with a ustar prefix': [
    tar({ path: 'name', prefix: 'some/prefix', magic: 'gnu' }),
    'a GNU header with a ustar prefix',
  ],
  'a GNU header with a prefix behind a time': [
    tar({ path: 'name', prefix: '14000000000\0text', magic: 'gnu' }),
    'a GNU header with a ustar prefix',
  ],
  'star’s format with a prefix into its times': [
    tar({
      path: 'name',
      prefix: 'p'.repeat(131),
      patch(block) {
        block.write('14000000000 14000000000 ', 345 + 131, 'latin1')
        block.write('tar\0', 508, 'latin1')
      },
    }),
    'a name too long for star’s format',
  ],
  'a magic between ustar and GNU': [
    tar({ path: 'f', patch: (block) => block.write('ustar 00', 257, 'latin1') }),
    'unknown magic "ustar 00"',
  ],
  'an old sparse file without GNU’s magic': [tar({ ...oldSparse, magic: 'ustar' }), 'whose header is not GNU’s'],
  'a symlink with content': [tar({ path: 'l', type: '2', link: 'x', data: 'y' }), 'content in a symlink entry'],
  'a hard link with content by pax': [
    tar({ path: 'l', type: '1', link: 'x', pax: [['size', '512']], data: Buffer.alloc(512) }),
    'content in a hardlink entry',
  ],
  'a hard link with a size, behind pax records': [
    tar({ path: 'l', type: '1', link: 'x', size: 5, pax: [['uid', '1']] }),
    'content in a hardlink entry',
  ],
  'a hard link with a size, behind pax records of another entry': [
    tar({ path: 'x', pax: [['uid', '1']] }, { path: 'l', type: '1', link: 'x', size: 5 }),
    'content in a hardlink entry',
  ],
  'a sparse map in a GNU header that is no sparse file’s': [
    tar({ path: 'f', magic: 'gnu', patch: (block) => block.write('1', 482) }),
    'a sparse map in the header of what is no sparse file',
  ],
  ...Object.fromEntries(
    [...'12345670'].map((type) => [
      `a negative size in type ${type}`,
      [tar({ path: 'x', type, link: '12'.includes(type) ? 'y' : '', size: base256(-1n, 12) }), 'bad size: -1'],
    ]),
  ),
  ...Object.fromEntries(
    (['mode', 'uid', 'gid', 'size', 'mtime'] as const).map((field) => [
      `a ${field} that begins with a NUL`,
      [
        tar({ path: 'f', [field]: Buffer.from('\x000000017\0\0\0\0'.slice(0, /size|mtime/.test(field) ? 12 : 8)) }),
        'it begins with a NUL but is not empty',
      ],
    ]),
  ),
  'a number with a NUL behind its spaces': [
    tar({ path: 'f', size: Buffer.from('  \x0000002000') }),
    'it begins with a NUL but is not empty',
  ],
  'a link target by GNU for a header without one': [
    tar(gnuLong('K', 'target'), { path: 'l', type: '1', magic: 'gnu' }),
    'a hardlink whose own header has no target',
  ],
  'a link target by pax for a header without one': [
    tar({ path: 'l', type: '2', pax: [['linkpath', 'target']] }),
    'a symlink whose own header has no target',
  ],
  'a device number by pax that is another': [
    tar({ path: 'c', type: '3', major: 1, minor: 3, pax: [['SCHILY.devmajor', '8']] }),
    'two device numbers: 1:3 and 8:3',
  ],
  'a device number out of range': [tar({ path: 'd', type: '3', major: 4096 }), 'bad device number: 4096:0'],
  'a multi-volume part': [tar({ path: 'f', type: 'M', magic: 'gnu' }), 'multi-volume'],
  'an unknown type': [tar({ path: 'f', type: 'q' }), 'unknown entry type "q"'],
  'an extended header without entry': [
    tar(member({ path: 'x', type: 'x', data: '9 path=a\n' })),
    'followed by no entry',
  ],
  'two extended headers': [
    tar(member({ path: 'x', type: 'x', data: '9 path=a\n' }), { path: 'f', pax: [['path', 'b']] }),
    'two headers of type "x"',
  ],
  'two long names': [tar(gnuLong('L', 'a'), gnuLong('L', 'b'), { path: 'f' }), 'two headers of type "L"'],
  'two long targets': [
    tar(gnuLong('K', 'a'), gnuLong('K', 'b'), { path: 'f', type: '2', link: 'a' }),
    'two headers of type "K"',
  ],
  'a name by GNU and by pax': [
    tar(gnuLong('L', 'a'), { path: 'f', pax: [['path', 'b']] }),
    'the name is given by a GNU header and by a pax header, differently',
  ],
  'a target by GNU and by pax': [
    tar(gnuLong('K', 'a'), { path: 'f', type: '2', link: 'x', pax: [['linkpath', 'b']] }),
    'the link target is given by a GNU header and by a pax header, differently',
  ],
  ...Object.fromEntries(
    (['V', 'g'] as const).flatMap((between) =>
      [member({ path: 'x', type: 'x', data: '9 path=a\n' }), gnuLong('L', 'a'), gnuLong('K', 'a')].map((extended) => [
        `a header of type ${extended.toString('latin1', 156, 157)} before one of type ${between}`,
        [
          tar(extended, member({ path: 'between', type: between, magic: 'gnu' }), { path: 'f' }),
          'an extended header is followed by no entry but a',
        ],
      ]),
    ),
  ),
  'a volume label with content': [
    tar({ path: 'label', type: 'V', magic: 'gnu', size: 1 }),
    '1 bytes of content in a volume label',
  ],
  'pax: NUL in a name (CVE-2026-59875)': [tar({ path: 'f', pax: [['path', 'a\0b']] }), '"path" holds a NUL'],
  'pax: NUL in a keyword': [tar({ path: 'f', pax: [['pa\0th', 'x']] }), 'holds a NUL'],
  'pax: a record that runs over': [
    tar(member({ path: 'x', type: 'x', data: '99 path=a\n' }), { path: 'f' }),
    'no record of the form',
  ],
  'pax: a record without newline': [
    tar(member({ path: 'x', type: 'x', data: '9 path=ab' }), { path: 'f' }),
    'no record of the form',
  ],
  'pax: a record of no length': [
    tar(member({ path: 'x', type: 'x', data: '0 path=a\n' }), { path: 'f' }),
    'no record of the form',
  ],
  'pax: a record without keyword': [
    tar(member({ path: 'x', type: 'x', data: '5 =a\n' }), { path: 'f' }),
    'has no keyword',
  ],
  'pax: a negative size (CVE-2026-59874)': [tar({ path: 'f', pax: [['size', '-512']] }), 'expected a decimal number'],
  'pax: a size that is no number': [tar({ path: 'f', pax: [['size', '1e3']] }), 'expected a decimal number'],
  'pax: a time that is none': [tar({ path: 'f', pax: [['mtime', 'now']] }), 'expected seconds'],
  'pax: a global size': [
    tar(member({ path: 'g', type: 'g', data: '9 size=1\n' }), { path: 'f' }),
    'would rename or resize every entry',
  ],
  'pax: a global path': [
    tar(member({ path: 'g', type: 'g', data: '9 path=a\n' }), { path: 'f' }),
    'would rename or resize every entry',
  ],
  ...Object.fromEntries(
    ['path', 'linkpath', 'size', 'uid', 'gid', 'mtime', 'atime'].map((keyword) => [
      `pax: an empty ${keyword}`,
      [tar({ path: 'f', pax: [[keyword, '']] }), `bad extended header keyword "${keyword}": it is empty`],
    ]),
  ),
  'pax: a global keyword twice': [
    tar(member({ path: 'g', type: 'g', data: '8 uid=1\n8 uid=2\n' }), { path: 'f' }),
    'bad global extended header: "uid" twice',
  ],
  'pax: an attribute with two values': [
    tar({
      path: 'f',
      pax: [
        ['SCHILY.xattr.user.a', 'x'],
        ['SCHILY.xattr.user.a', 'y'],
      ],
    }),
    'two values of the extended attribute "user.a"',
  ],
  'pax: an attribute without a name': [tar({ path: 'f', pax: [['SCHILY.xattr.', 'x']] }), 'without a name'],
  'pax: libarchive’s attribute without a name': [
    tar({ path: 'f', pax: [['LIBARCHIVE.xattr.', 'QQ']] }),
    'without a name',
  ],
  'pax: a NUL in an attribute’s name': [tar({ path: 'f', pax: [['LIBARCHIVE.xattr.a%00', 'QQ']] }), 'with a NUL in it'],
  'pax: a bad escape in an attribute’s name': [
    tar({ path: 'f', pax: [['LIBARCHIVE.xattr.user.%4', 'QQ']] }),
    'bad extended header: "%4" in the name of an extended attribute',
  ],
  'pax: an attribute that is not base64': [
    tar({ path: 'f', pax: [['LIBARCHIVE.xattr.user.a', 'Q!']] }),
    'the value of "LIBARCHIVE.xattr.user.a" is not base64',
  ],
  'a long name that goes on after its end': [
    tar(Buffer.concat([headerBlock({ path: 'L', type: 'L', magic: 'gnu', size: 4 }), Buffer.alloc(512, 'longer')]), {
      path: 'f',
    }),
    'a long name that goes on after its end',
  ],
  'a long name with NUL inside': [tar(gnuLong('L', 'a\0b'), { path: 'f' }), 'a long name that holds a NUL'],
  'an endless extended header': [tar({ path: 'x', type: 'x', size: 2 ** 21 }), 'an extended header of 2097152 bytes'],
  'sparse: overlapping runs': [
    tar({
      path: 's',
      data: 'abcd',
      pax: [
        ['GNU.sparse.size', '10'],
        ['GNU.sparse.map', '0,2,1,2'],
      ],
    }),
    'bad sparse map',
  ],
  'sparse: a run beyond the end': [
    tar({
      path: 's',
      data: 'ab',
      pax: [
        ['GNU.sparse.size', '10'],
        ['GNU.sparse.map', '9,2'],
      ],
    }),
    'bad sparse map',
  ],
  'sparse: less data than placed': [
    tar({
      path: 's',
      data: 'a',
      pax: [
        ['GNU.sparse.size', '2'],
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.map', '0,2'],
      ],
    }),
    'it places 2 bytes, and 1 follow',
  ],
  'sparse: a map that ends before the file': [
    tar({
      path: 's',
      data: 'ab',
      pax: [
        ['GNU.sparse.size', '10'],
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.map', '0,2'],
      ],
    }),
    'it ends at 2, in a file of 10 bytes',
  ],
  'sparse: a run in the middle that is no whole block': [
    tar({
      path: 's',
      data: 'abcd',
      pax: [
        ['GNU.sparse.size', '10'],
        ['GNU.sparse.numblocks', '2'],
        ['GNU.sparse.map', '0,2,8,2'],
      ],
    }),
    'a run before the last is no whole number of blocks',
  ],
  'sparse: a size without a map': [
    tar({ path: 's', pax: [['GNU.sparse.size', '2000']] }),
    'bad sparse map: it is missing',
  ],
  'sparse: a name without a map': [tar({ path: 's', pax: [['GNU.sparse.name', 'x']] }), 'the file’s size is missing'],
  ...Object.fromEntries(
    [...'123456'].map((type) => [
      `sparse: a map for type ${type}`,
      [
        tar({
          path: 's',
          type,
          link: '12'.includes(type) ? 'x' : '',
          pax: [
            ['GNU.sparse.size', '5'],
            ['GNU.sparse.numblocks', '1'],
            ['GNU.sparse.map', '5,0'],
          ],
        }),
        'a sparse map for a',
      ],
    ]),
  ),
  'sparse: an empty map': [
    tar({
      path: 's',
      pax: [
        ['GNU.sparse.size', '0'],
        ['GNU.sparse.numblocks', '0'],
        ['GNU.sparse.map', ''],
      ],
    }),
    'bad sparse map: expected a decimal number',
  ],
  'sparse: a count that is wrong': [
    tar({
      path: 's',
      data: 'ab',
      pax: [
        ['GNU.sparse.size', '2'],
        ['GNU.sparse.numblocks', '2'],
        ['GNU.sparse.map', '0,2'],
      ],
    }),
    '2 runs are announced, 1 given',
  ],
  'sparse: no count': [
    tar({
      path: 's',
      data: 'ab',
      pax: [
        ['GNU.sparse.size', '2'],
        ['GNU.sparse.map', '0,2'],
      ],
    }),
    'no runs are announced, 1 given',
  ],
  'sparse: a count twice': [
    tar({
      path: 's',
      pax: [
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.numblocks', '1'],
      ],
    }),
    'given twice',
  ],
  'sparse: two sizes': [
    tar({
      path: 's',
      pax: [
        ['GNU.sparse.size', '1'],
        ['GNU.sparse.realsize', '2'],
      ],
    }),
    'the file’s size is 1 and 2',
  ],
  'sparse: two maps': [
    tar({
      path: 's',
      pax: [
        ['GNU.sparse.map', '0,1'],
        ['GNU.sparse.map', '0,1'],
      ],
    }),
    'bad sparse map: there are two',
  ],
  'sparse: a map in the header and one before the data': [
    tar({
      path: 's',
      data: Buffer.alloc(512),
      pax: [
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.realsize', '1'],
        ['GNU.sparse.map', '0,1'],
      ],
    }),
    'bad sparse map: there are two',
  ],
  'sparse: an old table that goes on though it is not full': [
    tar({
      ...oldSparse,
      patch(block) {
        oldSparse.patch!(block)
        block[482] = 1
      },
    }),
    'bad sparse map: it goes on after its end',
  ],
  'sparse: an old run without its offset': [
    tar({
      ...oldSparse,
      patch(block) {
        oldSparse.patch!(block)
        block.fill(0, 386, 398)
      },
    }),
    'a run that lacks its offset or length',
  ],
  'sparse: an odd map': [
    tar({
      path: 's',
      data: 'a',
      pax: [
        ['GNU.sparse.size', '10'],
        ['GNU.sparse.map', '0,1,5'],
      ],
    }),
    'an odd count of numbers',
  ],
  'sparse: a 1.0 map that is no text': [
    tar({
      path: 's',
      data: Buffer.alloc(512, 'x'),
      pax: [
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.realsize', '10'],
      ],
    }),
    'expected decimal numbers, a line each',
  ],
  'sparse: an unknown format': [
    tar({
      path: 's',
      pax: [
        ['GNU.sparse.major', '2'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.realsize', '1'],
      ],
    }),
    'unknown sparse format 2.0',
  ],
}

describe('TarReader refuses', () => {
  it.for(Object.entries(REFUSED))('%s', ([, [archive, message]]) => {
    for (const step of [archive.length || 1, 512, 100]) {
      let error: unknown
      try {
        readTar(archive, step)
      } catch (caught) {
        error = caught
      }
      expect(RtError.isInstance(error) && error.code).toBe('RT_ARCHIVE')
      expect((error as Error).message).toContain(message)
    }
  })

  it('says which entry: number, name and offset', () => {
    const archive = tar({ path: 'a' }, { path: 'usr/bin/x', size: 9999, data: 'short' })
    expect(() => readTar(archive)).toThrow('archive entry 2 "usr/bin/x" at byte 512: the archive is truncated')
  })
})

describe('parser differentials', () => {
  it("a pax size doesn't apply to a GNU long name between (GHSA-vmf3-w455-68vh)", () => {
    // A reader that takes 2048 bytes as the long name swallows the headers of the entries behind it.
    const smuggling = Buffer.concat([
      member({ path: 'x', type: 'x', data: '13 size=2048\n' }),
      gnuLong('L', 'real-name'),
      member({ path: 'f', magic: 'gnu', size: 0, data: Buffer.alloc(2048, 'x') }),
      member({ path: 'second' }),
      END,
    ])
    expect(readTar(smuggling).map(({ path, size }) => [path, size])).toEqual([
      ['real-name', 2048],
      ['second', 0],
    ])
  })

  it('the pax size counts, not the header’s, for what follows (CVE-2025-62518)', () => {
    // The header says 0: a reader that believes it finds the nested archive's headers instead of content.
    const nested = tar({ path: 'smuggled', data: 'evil' })
    const outer = tar(
      { path: 'inner.tar', size: 0, data: nested, pax: [['size', String(nested.length)]] },
      { path: 'last' },
    )
    expect(readTar(outer).map(({ path }) => path)).toEqual(['inner.tar', 'last'])
  })
})
