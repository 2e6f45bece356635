// requires root, busybox for what the kernel says; the arithmetic and the plan need nothing
import { readFileSync } from 'node:fs'
import { CAPABILITIES, type CapabilityName } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import {
  availableCapabilities,
  capabilities,
  DEFAULT_CAPABILITIES,
  noNewPrivileges,
  resolveCapabilities,
  root,
  user,
} from '../src/index.js'
import { capabilitySet } from '../src/process/capabilities/available-capabilities.js'
import { complaintsOf } from './complaints-of.js'
import { contained } from './contained.js'
import { explained } from './explained.js'
import { namespaces, proc, tree } from './steps.js'

const ALL = Object.keys(CAPABILITIES) as CapabilityName[]
const sorted = (names: readonly CapabilityName[]) => ALL.filter((name) => names.includes(name))

describe('resolveCapabilities', () => {
  it.each<[string, string[], string[], CapabilityName[]]>([
    ['the default', [], [], sorted(DEFAULT_CAPABILITIES)],
    ['nothing', [], ['ALL'], []],
    ['everything', ['all'], [], ALL],
    ['nothing but one', ['NET_ADMIN'], ['ALL'], ['CAP_NET_ADMIN']],
    ['everything but one', ['ALL'], ['cap_sys_admin'], ALL.filter((name) => name !== 'CAP_SYS_ADMIN')],
    [
      'one more, one less',
      ['cap_net_admin'],
      ['MKNOD'],
      sorted([...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN']).filter((name) => name !== 'CAP_MKNOD'),
    ],
    ['added and dropped is added', ['KILL'], ['KILL'], sorted(DEFAULT_CAPABILITIES)],
  ])('%s', (_, add, drop, expected) => {
    expect(resolveCapabilities({ add, drop })).toEqual(expected)
  })

  it('starts from other than the default', () => {
    expect(resolveCapabilities({ from: ['CAP_KILL', 'CAP_CHOWN'], drop: ['chown'] })).toEqual(['CAP_KILL'])
  })

  it('tells every unknown name, with a guess', () => {
    expect(
      complaintsOf(() => resolveCapabilities({ add: ['NETADMIN', 'FOO', 'KILL'], drop: ['CAP_CHWN', ''] })),
    ).toEqual([
      '--cap-add: no capability is named "NETADMIN"; did you mean NET_ADMIN?',
      '--cap-add: no capability is named "FOO"',
      '--cap-drop: no capability is named "CAP_CHWN"; did you mean CHOWN?',
      '--cap-drop: no capability is named ""',
    ])
    expect(complaintsOf(() => resolveCapabilities({ add: ['ALL'], drop: ['ALL'] }))).toHaveLength(1)
  })
})

describe('the step', () => {
  it('keeps SETPCAP until the bounding set is cut, then sets all five', () => {
    const shown = explained(capabilities(['CAP_KILL', 'CAP_BPF']))
    const lines = shown.split('\n').map((line) => line.trim())
    expect(lines.filter((line) => line.startsWith('prctl(PR_CAPBSET_DROP'))).toHaveLength(41 - 2 + 1)
    expect(lines.filter((line) => !line.startsWith('prctl(PR_CAPBSET_DROP, CAP_'))).toMatchInlineSnapshot(`
      [
        "capabilities:",
        "capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_KILL|1<<CAP_SETPCAP|1<<CAP_BPF, permitted=1<<CAP_KILL|1<<CAP_SETPCAP|1<<CAP_BPF, inheritable=0})",
        "newer = 41",
        "prctl(PR_CAPBSET_DROP, newer)",
        "newer = newer + 1 * 1",
        "unless newer == 64 go to drop newer",
        "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)",
        "capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_KILL|1<<CAP_BPF, permitted=1<<CAP_KILL|1<<CAP_BPF, inheritable=0})",
      ]
    `)
  })

  it('refuses sets that the kernel would refuse, all at once', () => {
    const sets = {
      bounding: ['CAP_KILL'],
      permitted: ['CAP_KILL'],
      effective: ['CAP_CHOWN'],
      inheritable: ['CAP_FOWNER'],
      ambient: ['CAP_BPF'],
    } as const
    expect(complaintsOf(() => capabilities(sets))).toEqual([
      'capabilities.effective: CAP_CHOWN is not in the permitted set',
      'capabilities.inheritable: CAP_FOWNER is not in the bounding set',
      'capabilities.ambient: CAP_BPF is not in the permitted set',
      'capabilities.ambient: CAP_BPF is not in the inheritable set',
    ])
  })
})

describe('availableCapabilities', () => {
  it('splits a wish by what this process has, and loses nothing', () => {
    const { capabilities: there, missing } = availableCapabilities(ALL)
    expect(sorted([...there, ...missing])).toEqual(ALL)
    const own = capabilitySet(readFileSync('/proc/self/status', 'latin1'), 'CapPrm')
    for (const name of there) expect((own >> BigInt(CAPABILITIES[name])) & 1n, name).toBe(1n)
  })

  it('in a user namespace of its own everything is there that the kernel has', () => {
    const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
    const { missing } = availableCapabilities(ALL, { userNamespace: true })
    expect(missing).toEqual(ALL.filter((name) => CAPABILITIES[name] > last))
  })
})

describe('the contained process', () => {
  let directory: string
  beforeEach((context) => {
    needs(context, 'root', 'busybox')
    directory ??= busyboxRoot()
  })

  /** The five sets and no_new_privs that a program finds itself with. */
  async function sets(...steps: Parameters<typeof contained>[0][]) {
    const { stdout, exit } = await contained(
      [namespaces(), root(tree(directory), proc()), steps],
      ['cat', '/proc/self/status'],
    )
    expect(exit).toEqual({ code: 0 })
    const set = (field: Parameters<typeof capabilitySet>[1]) => names(capabilitySet(stdout, field))
    return {
      inheritable: set('CapInh'),
      permitted: set('CapPrm'),
      effective: set('CapEff'),
      bounding: set('CapBnd'),
      ambient: set('CapAmb'),
      noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(stdout),
    }
  }

  it('root has Docker’s 14, none of them inheritable (CVE-2022-29162)', async () => {
    const fourteen = sorted(DEFAULT_CAPABILITIES)
    expect(fourteen).toHaveLength(14)
    expect(await sets(user({ uid: 0, gid: 0, groups: [0] }), capabilities(DEFAULT_CAPABILITIES))).toEqual({
      inheritable: [],
      permitted: fourteen,
      effective: fourteen,
      bounding: fourteen,
      ambient: [],
      noNewPrivileges: false,
    })
  })

  it('another user has none, and can get back the bounding ones only', async () => {
    const found = await sets(
      user({ uid: 1000, gid: 1000, groups: [1000] }),
      capabilities(['CAP_KILL', 'CAP_CHOWN']),
      noNewPrivileges(),
    )
    expect(found).toEqual({
      inheritable: [],
      permitted: [],
      effective: [],
      bounding: ['CAP_CHOWN', 'CAP_KILL'],
      ambient: [],
      noNewPrivileges: true,
    })
  })

  it('another user keeps the ambient ones over the execve', async () => {
    const two = ['CAP_NET_BIND_SERVICE', 'CAP_NET_RAW'] as const
    const found = await sets(
      user({ uid: 1000, gid: 1000, groups: [1000] }),
      capabilities({ bounding: DEFAULT_CAPABILITIES, permitted: two, inheritable: two, ambient: [two[1]] }),
    )
    expect(found).toMatchObject({ ambient: ['CAP_NET_RAW'], permitted: ['CAP_NET_RAW'], inheritable: sorted(two) })
  })

  it('none of the caller’s ambient ones stay', async () => {
    const one = ['CAP_NET_RAW'] as const
    // As from a service manager with AmbientCapabilities=.
    const before = capabilities({
      bounding: DEFAULT_CAPABILITIES,
      permitted: DEFAULT_CAPABILITIES,
      inheritable: one,
      ambient: one,
    })
    const found = await sets(
      { ...before, name: 'the caller’s' },
      capabilities({ bounding: DEFAULT_CAPABILITIES, permitted: one, inheritable: one }),
    )
    expect(found).toMatchObject({ inheritable: [...one], ambient: [] })
  })

  it('another user without the step `capabilities` has none either', async () => {
    expect(await sets(user({ uid: 1000, gid: 1000, groups: [] }))).toMatchObject({
      permitted: [],
      effective: [],
      ambient: [],
    })
  })

  it('nothing at all', async () => {
    const none = await sets(capabilities([]))
    expect(none).toMatchObject({ permitted: [], effective: [], bounding: [], inheritable: [], ambient: [] })
  })

  it('all that this host has', async () => {
    const { capabilities: all } = availableCapabilities(ALL)
    expect(await sets(capabilities(all))).toMatchObject({ permitted: all, bounding: all })
  })

  it('more than this host has is an error that says how to ask for less', async (context) => {
    const { missing } = availableCapabilities(ALL)
    if (missing.length === 0) context.skip('root has every capability here')
    await expect(sets(capabilities(ALL, '--cap-add ALL'))).rejects.toMatchObject({
      step: 'capabilities',
      origin: '--cap-add ALL',
      syscall: 'capset',
      code: 'EPERM',
      hint: expect.stringContaining('availableCapabilities()'),
    })
  })

  it('`capabilities` before `user` is an error that says so', async () => {
    const wrong = sets(capabilities([]), user({ uid: 1000, gid: 1000, groups: [] }))
    await expect(wrong).rejects.toMatchObject({
      step: 'user',
      code: 'EPERM',
      hint: expect.stringContaining('CAP_SETGID'),
    })
  })
})

const names = (bits: bigint) => ALL.filter((name) => (bits >> BigInt(CAPABILITIES[name])) & 1n)
