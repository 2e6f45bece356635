// requires nothing
import { MOUNT_OPTIONS, parseMountOptions } from '@rt/mountns'
import { describe, expect, it } from 'vitest'

const RDONLY = 1
const NOSUID = 2
const ATIME = 0x70

describe('parseMountOptions', () => {
  const nothing = { set: 0, clear: 0 }
  const empty = { attributes: nothing, recursive: nothing, propagation: [], parameters: [], complaints: [] }

  it.each([
    ['no word', [], {}],
    ['a flag', ['ro', 'nosuid'], { attributes: { set: RDONLY | NOSUID, clear: 0 } }],
    ['a flag taken back', ['ro', 'rw'], { attributes: { set: 0, clear: RDONLY } }],
    ['a flag set again', ['rw', 'ro'], { attributes: { set: RDONLY, clear: RDONLY } }],
    ['recursive flags', ['rro', 'rw'], { recursive: { set: RDONLY, clear: 0 }, attributes: { set: 0, clear: RDONLY } }],
    ['the last of several atime words', ['noatime', 'strictatime'], { attributes: { set: 0x20, clear: ATIME } }],
    ['relatime, which is no bit', ['noatime', 'relatime'], { attributes: { set: 0, clear: ATIME } }],
    ['two kinds of propagation', ['slave', 'shared'], { propagation: ['slave', 'shared'] }],
    ['rbind', ['bind', 'rbind'], { bind: { recursive: true } }],
    ['id-mapping', ['idmap', 'ridmap'], { idmap: { recursive: true } }],
    ['words that do nothing', ['defaults', 'silent', 'loud'], {}],
    [
      'words of the file system',
      ['size=64m', 'huge', 'sync', 'a=b=c', 'e='],
      {
        parameters: [
          { name: 'size', value: '64m' },
          { name: 'huge' },
          { name: 'sync' },
          { name: 'a', value: 'b=c' },
          { name: 'e', value: '' },
        ],
      },
    ],
    ['names of Object.prototype', ['constructor'], { parameters: [{ name: 'constructor' }] }],
  ])('understands %s', (_, words, expected) => {
    expect(parseMountOptions(words)).toEqual({ ...empty, ...expected })
  })

  it('complains about everything at once, each with its place', () => {
    const { complaints } = parseMountOptions(
      ['ro', 'tmpcopyup', '', `x=${'y'.repeat(256)}`, 'a\0b'],
      'mounts[3].options',
    )
    expect(complaints).toEqual([
      { path: 'mounts[3].options[1]', message: expect.stringContaining('"tmpcopyup" is not supported') },
      { path: 'mounts[3].options[2]', message: 'expected an option, got ""' },
      { path: 'mounts[3].options[3]', message: expect.stringContaining('at most 255 bytes') },
      { path: 'mounts[3].options[4]', message: 'a NUL byte in "a\\u0000b"' },
    ])
  })

  it('takes a value of 255 bytes, the most that fsconfig takes', () => {
    expect(parseMountOptions([`x=${'y'.repeat(255)}`]).complaints).toEqual([])
  })
})

describe('MOUNT_OPTIONS', () => {
  // The words that OCI's runtime specification 1.2 lists for Linux ("Linux mount options"), less tmpcopyup.
  const OCI =
    'async atime bind defaults dev diratime dirsync exec idmap ridmap iversion lazytime loud mand noatime nodev nodiratime noexec ' +
    'noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rbind rdev rdiratime ' +
    'relatime rexec rnoatime rnodev rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate ' +
    'rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared silent slave strictatime suid ' +
    'symfollow sync unbindable'

  it('knows every word of OCI', () => {
    expect(OCI.split(' ').filter((word) => !Object.hasOwn(MOUNT_OPTIONS, word))).toEqual([])
  })

  it('computes the recursive words', () => {
    expect(MOUNT_OPTIONS.rnosuid).toEqual({ kind: 'attribute', set: NOSUID, clear: 0, recursive: true, since: '5.12' })
    expect(MOUNT_OPTIONS.rnosymfollow).toMatchObject({ since: '5.14', recursive: true })
  })
})
