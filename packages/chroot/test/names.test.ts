// requires root, busybox for the kernel's part; the checks need nothing
import { readFileSync } from 'node:fs'
import { call, type Step } from '@rt/program'
import { KEYCTL_GET_KEYRING_ID, RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { domainname, hostname, newSession, root, sessionKeyring, user } from '../src/index.js'
import { contained, start } from './contained.js'
import { explained } from './explained.js'
import { namespaces, proc, tree } from './steps.js'

describe('hostname and domainname', () => {
  it('count bytes, not characters', () => {
    expect(explained(hostname('hübsch'), domainname('example.org'))).toMatchInlineSnapshot(`
      "hostname:
        sethostname("hübsch", 7)
      domainname:
        setdomainname("example.org", 11)"
    `)
  })

  it.each([
    ['', 'is empty'],
    ['x'.repeat(65), 'is 65 bytes long; the kernel takes 64'],
    ['ü'.repeat(33), 'is 66 bytes long; the kernel takes 64'],
    ['a\nb', '"a\\nb" has a control character in it'],
    ['a\0b', '"a\\u0000b" has a control character in it'],
  ])('refuse %j', (name, message) => {
    for (const make of [hostname, domainname]) {
      expect(() => make(name, '--hostname')).toThrowError(
        expect.objectContaining({ code: 'RT_INVALID_OPTION', complaints: [{ path: '--hostname', message }] }),
      )
      expect(() => make(name)).toThrowError(RtError)
    }
  })

  it('are refused without a namespace to be in', async () => {
    const before = readFileSync('/proc/sys/kernel/hostname', 'utf8')
    for (const step of [hostname('inner'), domainname('inner')]) {
      await expect(contained(step, ['/bin/true'])).rejects.toThrowError('CLONE_NEWUTS')
    }
    expect(readFileSync('/proc/sys/kernel/hostname', 'utf8')).toBe(before)
  })

  it('are the container’s, not the host’s', async (context) => {
    needs(context, 'root', 'busybox')
    const before = readFileSync('/proc/sys/kernel/hostname', 'utf8')
    const longest = 'h'.repeat(64)
    const { stdout } = await contained(
      [namespaces(), root(tree(busyboxRoot()), proc()), hostname(longest), domainname('inner')],
      ['cat', '/proc/sys/kernel/hostname', '/proc/sys/kernel/domainname'],
    )
    expect(stdout).toBe(`${longest}\ninner\n`)
    expect(readFileSync('/proc/sys/kernel/hostname', 'utf8')).toBe(before)
  })
})

it('newSession: no terminal of the caller’s can be typed into (CVE-2017-5226)', async (context) => {
  needs(context, 'root', 'busybox')
  const directory = busyboxRoot()
  const session = async (...more: Parameters<typeof contained>[0][]) =>
    (
      await contained(
        [namespaces(), root(tree(directory), proc()), more],
        ['sh', '-c', 'ps -o pid,sid | tail -n +2 | head -1'],
      )
    ).stdout
  // A session of outside the pid namespace is shown as 0.
  expect(await session()).toMatch(/^ *1 +0$/m)
  expect(await session(newSession())).toMatch(/^ *1 +1$/m)
})

it('sessionKeyring: another one than the caller’s', async (context) => {
  needs(context, 'root', 'busybox')
  const KEY_SPEC_SESSION_KEYRING = -3
  const ask = (name: string): Step => ({
    name,
    why: 'test',
    'init.confine': [call('keyctl', [KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0, 0, 0])],
  })
  const container = await start(
    [namespaces(), ask('before'), sessionKeyring(), user({ uid: 1000, gid: 1000, groups: [] }), ask('after')],
    ['/bin/true'],
  )
  await container.exited
  const [before, joined, after] = container
    .trace()
    .filter((row) => row.call.startsWith('keyctl'))
    .map((row) => row.result)
  expect(joined).toBeGreaterThan(0)
  expect(after).toBe(joined)
  expect(after).not.toBe(before)
})
