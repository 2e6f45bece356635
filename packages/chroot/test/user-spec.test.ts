// requires nothing
import { RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { parseUserSpec, user } from '../src/index.js'
import { complaintsOf } from './complaints-of.js'

/** What a mutation may put into a spec: everything that other parsers have taken for something. */
const PIECES = [
  '0',
  '1',
  '00',
  '1000',
  '4294967294',
  '4294967295',
  '4294967296',
  '18446744073709551616',
  'root',
  'x',
  'é',
]
const NOISE = ['', ' ', '+', '-', ':', '::', '\t', '\n', '\0', '0x', '.', ',', '/', '1e3', '٣', '\u00a0']

describe('parseUserSpec', () => {
  it.each([
    ['0', { user: { id: 0 } }],
    ['1000:44', { user: { id: 1000 }, group: { id: 44 } }],
    ['root', { user: { name: 'root' } }],
    [':5', { user: { id: 0 }, group: { id: 5 } }],
    [':video', { user: { id: 0 }, group: { name: 'video' } }],
    ['1000:', { user: { id: 1000 } }],
    ['root:', { user: { name: 'root' } }],
    [':', { user: { id: 0 } }],
    ['1000:video', { user: { id: 1000 }, group: { name: 'video' } }],
    ['_apt:nogroup', { user: { name: '_apt' }, group: { name: 'nogroup' } }],
    ['4294967294', { user: { id: 4294967294 } }],
    // Not digits alone: a name, which a passwd may have.
    ['0x0', { user: { name: '0x0' } }],
    ['1user', { user: { name: '1user' } }],
  ])('%j', (spec, expected) => {
    expect(parseUserSpec(spec)).toEqual(expected)
  })

  // CVE-2026-30892: each of these has been taken for some user by a runtime.
  it.each([
    ['', 'user "" is empty'],
    ['1:2:3', '"1:2:3" has more than one colon'],
    ['1::3', '"1::3" has more than one colon'],
    ['1::', '"1::" has more than one colon'],
    ['+1', 'user "+1" begins with "+"'],
    ['-1', 'user "-1" begins with "-"'],
    [' 1', 'user " 1" is neither a number nor a name'],
    ['1 ', 'user "1 " is neither a number nor a name'],
    ['1\n', 'user "1\\n" is neither a number nor a name'],
    ['007', 'user "007" begins with a zero'],
    ['4294967295', 'user "4294967295" is out of range: the largest id is 4294967294'],
    ['4294967296', 'user "4294967296" is out of range: the largest id is 4294967294'],
    ['18446744073709551616', 'user "18446744073709551616" is out of range: the largest id is 4294967294'],
    ['0:4294967295', 'group "4294967295" is out of range: the largest id is 4294967294'],
  ])('refuses %j', (spec, complaint) => {
    expect(() => parseUserSpec(spec)).toThrowError(
      expect.objectContaining({
        code: 'RT_INVALID_OPTION',
        complaints: expect.arrayContaining([{ path: '--user', message: complaint }]),
      }),
    )
  })

  it('tells everything that is wrong at once', () => {
    expect(complaintsOf(() => parseUserSpec('+1: 2'))).toEqual([
      '--user: user "+1" begins with "+"',
      '--user: group " 2" is neither a number nor a name',
    ])
  })

  it('gives an id only for its own canonical decimal, whatever surrounds it', () => {
    for (const before of NOISE) {
      for (const piece of PIECES) {
        for (const after of NOISE) {
          const spec = before + piece + after
          const parsed = parsedOrRefused(spec)
          if (!parsed) continue
          for (const [part, text] of [
            // No user but a group: root.
            [parsed.user, spec.split(':')[0] || '0'],
            [parsed.group, spec.split(':')[1]],
          ] as const) {
            if (part && 'id' in part) expect(String(part.id)).toBe(text)
            else if (part) expect(part.name).toBe(text)
          }
          expect(Boolean(spec.split(':')[1])).toBe(parsed.group !== undefined)
          expect(spec.split(':').length).toBeLessThan(3)
        }
      }
    }
  })
})

describe('user', () => {
  it('is a few calls, the user last', () => {
    expect(user({ uid: 1000, gid: 100, groups: [100, 44] })['init.confine']).toMatchObject([
      { call: 'prctl', args: [8, 1, 0, 0, 0] },
      { call: 'setgroups', args: [2, Buffer.from([100, 0, 0, 0, 44, 0, 0, 0])] },
      { call: 'setresgid', args: [100, 100, 100] },
      { call: 'setresuid', args: [1000, 1000, 1000] },
    ])
  })

  it('drops the groups where there are none, and leaves them only if told to', () => {
    const identity = { uid: 0, gid: 0, groups: [] }
    expect(user(identity)['init.confine']?.[1]).toMatchObject({ call: 'setgroups', args: [0, null] })
    expect(user(identity, { keepGroups: true })['init.confine']).not.toContainEqual(
      expect.objectContaining({ call: 'setgroups' }),
    )
  })

  it.each([2 ** 32 - 1, 2 ** 32, -1, 1.5, Number.NaN])(
    'refuses the id %d, which the kernel would take for another',
    (id) => {
      expect(complaintsOf(() => user({ uid: id, gid: id, groups: [id] }))).toHaveLength(3)
    },
  )
})

function parsedOrRefused(spec: string) {
  try {
    return parseUserSpec(spec)
  } catch (error) {
    if (RtError.isInstance(error)) return undefined
    throw error
  }
}
