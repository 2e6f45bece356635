import { base256, gnuLong, type HeaderSpec, headerBlock, member, paxRecord } from '../support/archive.js'
import { random } from '../support/random.js'
import { Chance } from './chance.js'
import { sparseMember } from './generate-sparse.js'
import { mutate } from './mutate.js'

const NAMES = [
  'a',
  'b',
  'dir',
  'dir/',
  'dir/f',
  './x',
  '/abs',
  'a//b',
  'Ab',
  'x'.repeat(100),
  'äö',
  '\xe4\xff',
  '',
  '.',
  'd/../e',
  'sp ace',
  'new\nline',
]
const LINKS = ['a', 'dir/f', '../x', '/etc/passwd', 'l'.repeat(100), '', 'b/', 'äö']
/** Every type flag that some reader knows, those that all know more often. */
const TYPES = [...'0000000000'.repeat(8), ...'555555222211113344667\0\0\0'.repeat(3), ...'SDMNAEXVJs9gxLK']
const MAGICS = ['ustar', 'ustar', 'ustar', 'gnu', 'gnu', 'v7'] as const

/** A number field of a header: well-formed as a rule, else in one of the ways in which readers differ. */
function numberField(chance: Chance, value: number, width: number): Buffer | number {
  const digits = value.toString(8)
  const fill = (text: string) => Buffer.from(text.slice(0, width).padEnd(width, '\0'), 'latin1')
  return chance.rarely(0.03)
    ? chance.of<() => Buffer>([
        () => fill(`${digits.padStart(width - 1, '0')} `),
        () => fill(digits.padStart(width, '0')), // no terminator
        () => fill(`${digits.padStart(width - 2, ' ')} \0`),
        () => fill(digits),
        () => fill(`${digits}\0junk`),
        () => fill(`${digits} 7`),
        () => fill(''),
        () => Buffer.alloc(width, ' '),
        () => fill(`\0${digits.padStart(width - 2, '0')}`),
        () => fill(` \0${digits.padStart(width - 3, '0')}`),
        () => fill(`-${digits}`),
        () => fill(`+${digits}`),
        () => fill(`0o${digits}`),
        () => fill('9'),
        () => base256(value, width),
        () => base256(-BigInt(value) - 1n, width),
        () => base256(BigInt(value) << 40n, width),
        () => Buffer.concat([Buffer.from([0xbf]), base256(value, width).subarray(1)]),
      ])()
    : value
}

const text = (chance: Chance): string =>
  chance.of([
    '1',
    '0',
    '000012',
    '-1',
    '4294967295',
    '4294967296',
    '1e3',
    '',
    ' 5',
    '5 ',
    '+5',
    '1.5',
    '99999999999999999999',
  ])

/** The records of an extended header. */
function paxRecords(chance: Chance, dataSize: number): Buffer {
  const makers: (() => Buffer)[] = [
    () => paxRecord('path', chance.of(NAMES)),
    () => paxRecord('path', `long/${'p'.repeat(chance.below(200))}`),
    () => paxRecord('linkpath', chance.of(LINKS)),
    () => paxRecord('size', chance.rarely(0.3) ? text(chance) : String(dataSize).padStart(chance.below(24), '0')),
    () => paxRecord('uid', chance.rarely(0.3) ? text(chance) : String(chance.below(70_000))),
    () => paxRecord('gid', chance.rarely(0.3) ? text(chance) : String(chance.below(70_000))),
    () =>
      paxRecord(
        'mtime',
        chance.of([
          '1700000001',
          '1.5',
          '0.123456789',
          '-1.25',
          '12.',
          '.5',
          '001.10',
          '1.9999999999',
          'now',
          '-0.5',
          '',
          '1e3',
        ]),
      ),
    () => paxRecord('atime', chance.of(['5', '5.25'])),
    () => paxRecord('comment', 'words'),
    () => paxRecord('hdrcharset', chance.of(['BINARY', 'ISO-IR 10646 2000 UTF-8', 'LATIN1'])),
    () => paxRecord('SCHILY.xattr.user.a', chance.of(['value', '', Buffer.from('a\0b'), Buffer.from('x\ny')])),
    () => paxRecord('LIBARCHIVE.xattr.user.b', chance.of(['QUJD', 'QUI', 'QUI=', '!'])),
    () => paxRecord('LIBARCHIVE.xattr.user.%61', 'QUJD'),
    () => paxRecord('SCHILY.acl.access', 'user::rw-'),
    () => paxRecord('SCHILY.devmajor', '7'),
    () => paxRecord('GNU.sparse.size', chance.of(['6', '600'])),
    () => paxRecord('GNU.sparse.name', chance.of(NAMES)),
    () => paxRecord('GNU.sparse.map', chance.of(['0,5', '', '1,2,5,1'])),
    () => paxRecord('VENDOR.x', 'y'),
    () =>
      Buffer.from(
        chance.of([
          '9 path=ab\n',
          '0 path=a\n',
          '99 path=a\n',
          '000009 path=a\n',
          '5 =a\n',
          '6 a=\0\n',
          ' 9 path=a\n',
          '9 path=a\0',
          '11 path=a\0b\n',
        ]),
      ),
  ]
  // The odd ones at the end come up less.
  const pick = () => (chance.rarely(0.15) ? chance.of(makers.slice(-6)) : chance.of(makers.slice(0, -6)))()
  return Buffer.concat(Array.from({ length: chance.below(4) }, pick))
}

/** What may stand before a member's own header. */
function prelude(chance: Chance, dataSize: number): Buffer {
  const long = () =>
    chance.rarely(0.3)
      ? chance.of(['slash/', 'äö', 'slash/', 'äö', '', 'a\0b'])
      : `long/${chance.of(NAMES)}/${'n'.repeat(chance.below(120))}`
  const makers: (() => Buffer)[] = [
    () => member({ path: 'pax', type: 'x', data: paxRecords(chance, dataSize), mode: 0o644 }),
    () => gnuLong('L', long()),
    () => gnuLong('K', long()),
    () => member({ path: 'global', type: 'g', data: paxRecords(chance, dataSize) }),
    () => member({ path: 'label', type: 'V', magic: 'gnu' }),
  ]
  const pick = () => makers[[0, 0, 0, 0, 1, 1, 2, 3, 4][chance.below(9)]!]!()
  let count = chance.rarely(0.45) ? 1 : 0
  while (count > 0 && chance.rarely(0.25)) count++
  return Buffer.concat(Array.from({ length: count }, pick))
}

/** Oddities of single headers: what stands in the fields that only some formats have. */
const PATCHES: readonly ((block: Buffer, chance: Chance) => void)[] = [
  (block) => block.write('ustar\0\0\0', 257, 'latin1'),
  (block) => block.write('ustar 00', 257, 'latin1'),
  (block) => block.write('ustar  x', 257, 'latin1'),
  (block) => block.write('USTAR\0', 257, 'latin1'),
  (block) => block.write('ustarx', 257, 'latin1'),
  (block) => block.write('14000000000\x0014000000000\0', 345, 'latin1'), // GNU's times
  (block) => block.write('some/prefix', 345, 'latin1'),
  (block) => block.write('14000000000\0x', 345, 'latin1'),
  (block) => block.write('tar\0', 508, 'latin1'),
  (block) => {
    block.write('tar\0', 508, 'latin1')
    block.fill('p', 345, 345 + 131)
    block.write('14000000000 14000000000 ', 345 + 131, 'latin1')
  },
  (block) => block.fill('q', 345, 500),
  (block) => block.fill('j', 500, 512),
  (block) => block.fill('junk', 329, 345),
  (block, chance) => block.writeUInt8(chance.below(256), chance.below(512)),
]

function oneMember(chance: Chance): Buffer {
  const type = chance.of(TYPES)
  const isFile = '0\x007'.includes(type)
  // Content that is itself a header shows what a reader who is wrong about a size finds.
  const data =
    !isFile && !chance.rarely(0.1)
      ? ''
      : chance.of([
          () => '',
          () => 'x'.repeat(chance.below(1500)),
          () => headerBlock({ path: `hidden${chance.below(9)}` }),
          () => Buffer.concat([headerBlock({ path: 'hidden' }), Buffer.alloc(512, 'y')]),
        ])()
  const size = chance.rarely(0.05) ? chance.of([0, 1, 512, 1024, data.length + 1]) : data.length
  const spec: HeaderSpec = {
    path: chance.rarely(0.7) ? chance.of(['a', 'b', 'dir/f', './c']) : chance.of(NAMES),
    type,
    mode: chance.of([0o644, 0o755, 0o4711, 0o1777, 0o100644]),
    uid: numberField(chance, chance.below(3000), 8),
    gid: numberField(chance, chance.below(3000), 8),
    size: numberField(chance, size, 12),
    mtime: numberField(chance, chance.of([0, 1, 1_700_000_000, 2 ** 33 - 1]), 12),
    link: chance.rarely('12'.includes(type) ? 0.95 : 0.05) ? chance.of(LINKS) : '',
    major: '34'.includes(type) ? chance.of([0, 1, 255, 4095, 4096]) : 0,
    minor: '34'.includes(type) ? chance.below(300) : 0,
    magic: chance.of(MAGICS),
    prefix: chance.rarely(0.05) ? chance.of(['pre/fix', 'p'.repeat(155), '/']) : '',
    data,
    checksumOff: chance.rarely(0.01) ? 1 : 0,
    patch: (block) => {
      if (chance.rarely(0.06)) chance.of(PATCHES)(block, chance)
    },
  }
  return Buffer.concat([prelude(chance, data.length), member(spec)])
}

const END = Buffer.alloc(512)

function endOf(chance: Chance): Buffer {
  if (!chance.rarely(0.15)) return Buffer.concat([END, END])
  const hidden = headerBlock({ path: 'after' })
  return Buffer.concat(
    chance.of<Buffer[]>([
      [],
      [END],
      [END, hidden],
      [END, END, hidden],
      [END, END, Buffer.from('junk')],
      [END, END, END, END],
      [END.subarray(1)],
    ]),
  )
}

/** A random archive, the same for the same seed. */
export function generate(seed: number): Buffer {
  const chance = new Chance(random(seed))
  const members = Array.from({ length: 1 + chance.below(4) }, () =>
    chance.rarely(0.12) ? sparseMember(chance) : oneMember(chance),
  )
  const archive = Buffer.concat([...members, endOf(chance)])
  return chance.rarely(0.3) ? mutate(archive, chance) : archive
}
