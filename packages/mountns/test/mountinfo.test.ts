// requires nothing
import { diffMountinfo, type MountInfo, parseMountinfo, pathBytes } from '@rt/mountns'
import { describe, expect, it } from 'vitest'

const TABLE = `27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
36 27 0:32 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 master:3 - cgroup cgroup rw,cpu,cpuacct
41 27 0:40 /home/a\\040b /mnt/x\\011y\\012z\\134w ro,noatime master:2 propagate_from:1 - tmpfs my\\040source rw,size=4k
42 27 0:41 / /plain rw - tmpfs none rw
`

describe('parseMountinfo', () => {
  it('reads every field', () => {
    const [root, cgroup] = parseMountinfo(TABLE)
    expect(root).toEqual({
      id: 27,
      parent: 1,
      device: '254:0',
      root: '/',
      mountPoint: '/',
      options: ['rw', 'relatime'],
      propagation: ['shared:1'],
      type: 'ext4',
      source: '/dev/vda',
      superOptions: ['rw', 'discard'],
    })
    expect(cgroup).toMatchObject({ propagation: ['shared:9', 'master:3'], superOptions: ['rw', 'cpu', 'cpuacct'] })
  })

  it('decodes octal escapes', () => {
    expect(parseMountinfo(TABLE)[2]).toMatchObject({
      root: '/home/a b',
      mountPoint: '/mnt/x\ty\nz\\w',
      source: 'my source',
      propagation: ['master:2', 'propagate_from:1'],
    })
  })

  it('reads a mount without optional fields', () => {
    expect(parseMountinfo(TABLE)[3]).toMatchObject({ propagation: [], options: ['rw'] })
  })

  it('keeps UTF-8 names', () => {
    const line = Buffer.from('1 2 0:1 / /mnt/日本 rw - tmpfs é rw\n')
    expect(parseMountinfo(line)[0]).toMatchObject({ mountPoint: '/mnt/日本', source: 'é' })
  })

  it.each([
    ['a byte that is no UTF-8', [0x61, 0xff, 0x62]],
    ['a sequence cut short', [0x61, 0xe6, 0x97]],
    ['valid and invalid bytes mixed', [0xe6, 0x97, 0xa5, 0x80, 0xc3, 0xa9, 0xfe]],
  ])('keeps %s', (_, name) => {
    const before = Buffer.from('1 2 0:1 / /')
    const after = Buffer.from(' rw - tmpfs none rw\n')
    const [mount] = parseMountinfo(Buffer.concat([before, Buffer.from(name), after]))
    expect([...pathBytes((mount as MountInfo).mountPoint)]).toEqual([0x2f, ...name])
  })

  it.each(['27 1 254:0 / / rw', '27 1 254:0 / / rw - ext4 /dev/vda', 'x 1 0:1 / / rw - a b c', '1 2 3'])(
    'refuses %j, naming the line',
    (line) => {
      expect(() => parseMountinfo(`${TABLE}${line}\n`)).toThrow('line 5 of mountinfo')
    },
  )
})

describe('diffMountinfo', () => {
  const before = parseMountinfo(TABLE)
  const change = (id: number, fields: Partial<MountInfo>) =>
    before.map((mount) => (mount.id === id ? { ...mount, ...fields } : mount))

  it('finds no difference between equal tables', () => {
    expect(diffMountinfo(before, parseMountinfo(TABLE))).toEqual({ added: [], removed: [], changed: [] })
  })

  it('tells added and removed mounts', () => {
    const [root, ...rest] = before
    const added = { ...(root as MountInfo), id: 99, mountPoint: '/new' }
    expect(diffMountinfo(before, [...rest, added])).toEqual({ added: [added], removed: [root], changed: [] })
  })

  it('tells other options, propagation and places', () => {
    for (const fields of [{ options: ['ro'] }, { propagation: [] }, { mountPoint: '/moved' }]) {
      const after = change(27, fields)
      expect(diffMountinfo(before, after)).toEqual({
        added: [],
        removed: [],
        changed: [{ before: before[0], after: after[0] }],
      })
    }
  })

  it('takes an id that shows another file system for a new mount', () => {
    const after = change(42, { device: '0:99' })
    expect(diffMountinfo(before, after)).toEqual({ added: [after[3]], removed: [before[3]], changed: [] })
  })
})
