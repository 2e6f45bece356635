// requires nothing
import {
  hostId,
  type IdMapping,
  namespaces,
  parseSubordinateIds,
  subordinateMap,
  type UserNamespace,
  userNamespaceObstacles,
} from '@rt/mountns'
import type { RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'

const one = (hostID: number): IdMapping[] => [{ containerID: 0, hostID, size: 1 }]
const complaintsOf = (user: UserNamespace): readonly { path: string; message: string }[] => {
  try {
    namespaces({ user })
  } catch (error) {
    return (error as RtError).complaints ?? []
  }
  return []
}

describe('parseSubordinateIds', () => {
  const text = '# comment\nalice:100000:65536\nbob:200000:65536\n1000:300000:10\nalice:broken\nalice:1:2:3\nalice:5:0\n'

  it('takes ranges by name and by uid', () => {
    expect(parseSubordinateIds(text, { name: 'alice', uid: 1000 })).toEqual([
      { first: 100000, count: 65536 },
      { first: 300000, count: 10 },
    ])
  })

  it('gives nothing to who is not listed', () => {
    expect(parseSubordinateIds(text, { name: 'carol', uid: 1 })).toEqual([])
  })

  it('does not take a name for a number', () => {
    expect(parseSubordinateIds('0x3e8:1:1\n1000x:1:1\n:1:1\n', { name: 'alice', uid: 1000 })).toEqual([])
  })
})

it('puts the granted ranges after root, one after the other', () => {
  const map = subordinateMap(1000, [
    { first: 100000, count: 10 },
    { first: 300000, count: 5 },
  ])
  expect(map).toEqual([
    { containerID: 0, hostID: 1000, size: 1 },
    { containerID: 1, hostID: 100000, size: 10 },
    { containerID: 11, hostID: 300000, size: 5 },
  ])
  expect([0, 1, 10, 11, 15, 16].map((id) => hostId(map, id))).toEqual([1000, 100000, 100009, 300000, 300004, undefined])
})

describe('maps that the kernel would refuse', () => {
  const wide: IdMapping[] = [{ containerID: 0, hostID: 100000, size: 65536 }]

  it.each<[string, IdMapping[], string, string]>([
    ['an empty map', [], 'user.uidMap', 'at least one range'],
    ['a size of 0', [{ containerID: 0, hostID: 0, size: 0 }], 'user.uidMap[0]', 'size of at least 1'],
    ['an id beyond the last', [{ containerID: 0, hostID: 0xffffffff, size: 1 }], 'user.uidMap[0]', 'hostID'],
    ['a range beyond the last id', [{ containerID: 2, hostID: 0, size: 0xfffffffe }], 'user.uidMap[0]', 'ends beyond'],
    ['a negative id', [{ containerID: -1, hostID: 0, size: 1 }], 'user.uidMap[0]', 'containerID'],
    [
      'ranges that overlap inside',
      [...wide, { containerID: 65535, hostID: 500000, size: 2 }],
      'user.uidMap[1]',
      'overlaps',
    ],
    [
      'ranges that overlap outside',
      [...wide, { containerID: 70000, hostID: 100001, size: 1 }],
      'user.uidMap[1]',
      'hostID',
    ],
    [
      'more than 340 ranges',
      Array.from({ length: 341 }, (_, id) => ({ containerID: id, hostID: id, size: 1 })),
      'user.uidMap',
      'at most 340',
    ],
  ])('%s', (_, uidMap, path, message) => {
    expect(complaintsOf({ how: 'supervisor', uidMap, gidMap: one(0) })).toEqual([
      { path, message: expect.stringContaining(message) },
    ])
  })

  it('and what init cannot map by itself, all at once', () => {
    expect(
      complaintsOf({ how: 'self', uidMap: wide, gidMap: wide, setgroups: 'allow' }).map(({ path }) => path),
    ).toEqual(['user.uidMap', 'user.gidMap', 'user.setgroups'])
  })
})

describe('userNamespaceObstacles', () => {
  const files: Record<string, string> = {
    '/proc/self/uid_map': '0 0 4294967295\n',
    '/proc/self/mountinfo': '27 1 254:0 / / rw - ext4 /dev/vda rw\n',
    '/proc/sys/user/max_user_namespaces': '15000\n',
  }
  const obstacles = (more: Record<string, string | undefined>) =>
    userNamespaceObstacles((path) => ({ ...files, ...more })[path]).map(({ what, found }) => `${what}: ${found}`)

  it.each<[string, Record<string, string | undefined>, string[]]>([
    ['nothing', {}, []],
    ['a limit of 0', { '/proc/sys/user/max_user_namespaces': '0\n' }, ['/proc/sys/user/max_user_namespaces: 0']],
    [
      'Debian’s switch',
      { '/proc/sys/kernel/unprivileged_userns_clone': '0\n' },
      ['/proc/sys/kernel/unprivileged_userns_clone: 0'],
    ],
    [
      'Ubuntu’s AppArmor',
      { '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n' },
      ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns: 1'],
    ],
    ['a kernel without them', { '/proc/self/uid_map': undefined }, ['/proc/self/uid_map: missing']],
    ['a chroot', { '/proc/self/mountinfo': '30 27 0:5 / /proc rw - proc proc rw\n' }, ['the root directory: a chroot']],
  ])('finds %s', (_, more, expected) => {
    expect(obstacles(more)).toEqual(expected)
  })
})
