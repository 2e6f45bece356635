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
  'no prefix in a GNU header': [tar({ path: 'name', prefix: 'times', magic: 'gnu' }), { path: 'name' }],
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
  'pax: an empty value takes it back': [
    tar({
      path: 'f',
      pax: [
        ['path', 'a'],
        ['path', ''],
      ],
    }),
    { path: 'f' },
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
})

/** Sparse files: runs at 1000 (3 bytes) and 5000 (2 bytes) of 6000. */
const SPARSE_CONTENT = Buffer.alloc(6000)
SPARSE_CONTENT.write('abc', 1000)
SPARSE_CONTENT.write('de', 5000)

const oldSparse: HeaderSpec = {
  path: 's',
  type: 'S',
  magic: 'gnu',
  data: 'abcde',
  patch(block) {
    for (const [at, value] of [
      [386, 1000],
      [398, 3],
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
    size: 30,
    patch(block) {
      for (let index = 0; index < 4; index++) pair(index * 100, 1).copy(block, 386 + index * 24)
      block[482] = 1
      block.write(`${(4000).toString(8).padStart(11, '0')}\0`, 483)
    },
  })
  const extension = (first: number, count: number, more: boolean) => {
    const block = Buffer.alloc(512)
    for (let index = 0; index < count; index++) pair((first + index) * 100, 1).copy(block, index * 24)
    if (more) block[504] = 1
    return block
  }
  const data = Buffer.alloc(512)
  data.fill('z', 0, 30)
  return Buffer.concat([header, extension(4, 21, true), extension(25, 5, false), data, END])
}

const SPARSE: Record<string, Buffer> = {
  'GNU old': tar(oldSparse),
  'pax 0.0': tar({
    path: 's',
    data: 'abcde',
    pax: [
      ['GNU.sparse.size', '6000'],
      ['GNU.sparse.numblocks', '2'],
      ['GNU.sparse.offset', '1000'],
      ['GNU.sparse.numbytes', '3'],
      ['GNU.sparse.offset', '5000'],
      ['GNU.sparse.numbytes', '2'],
    ],
  }),
  'pax 0.1': tar({
    path: 'GNUSparseFile.1/s',
    data: 'abcde',
    pax: [
      ['GNU.sparse.size', '6000'],
      ['GNU.sparse.numblocks', '2'],
      ['GNU.sparse.name', 's'],
      ['GNU.sparse.map', '1000,3,5000,2'],
    ],
  }),
  'pax 1.0': tar({
    path: 'GNUSparseFile.1/s',
    data: Buffer.concat([Buffer.from('3\n1000\n3\n5000\n2\n6000\n0\n'.padEnd(512, '\0')), Buffer.from('abcde')]),
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
    expect(entry.content.filter((byte) => byte !== 0)).toHaveLength(30)
  })

  it('one that is all hole', () => {
    const entry = only(
      tar({
        path: 's',
        pax: [
          ['GNU.sparse.size', '100'],
          ['GNU.sparse.numblocks', '0'],
          ['GNU.sparse.map', ''],
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
  'content after the end': [Buffer.concat([tar({ path: 'a' }), Buffer.from('x')]), 'after the end of the archive'],
  'an entry after a zero block': [
    Buffer.concat([Buffer.alloc(512), tar({ path: 'a' })]),
    'after the end of the archive',
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
  'a directory with content': [tar({ path: 'd', type: '5', data: 'x' }), '1 bytes of content in a directory entry'],
  'a file named as a directory': [tar({ path: 'd/', type: '0', data: 'x' }), 'content in a directory entry'],
  'a symlink with content': [tar({ path: 'l', type: '2', link: 'x', data: 'y' }), 'content in a symlink entry'],
  'a hard link with content by pax': [
    tar({ path: 'l', type: '1', link: 'x', pax: [['size', '512']], data: Buffer.alloc(512) }),
    'content in a hardlink entry',
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
  'a name by GNU and by pax': [
    tar(gnuLong('L', 'a'), { path: 'f', pax: [['path', 'b']] }),
    'given by a GNU header and by a pax',
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
        ['GNU.sparse.size', '10'],
        ['GNU.sparse.map', '0,2'],
      ],
    }),
    'it places 2 bytes, and 1 follow',
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
