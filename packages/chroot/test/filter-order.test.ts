// requires root, busybox; the order of the calls needs nothing
import { join } from 'node:path'
import { type Step, sequence } from '@rt/program'
import { loadFilter, type SeccompProfile, seccomp } from '@rt/seccomp'
import { CAPABILITIES, type CapabilityName, lsetxattr } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import {
  type CapabilitySets,
  capabilities,
  closeDescriptors,
  DEFAULT_CAPABILITIES,
  exec,
  init,
  noNewPrivileges,
  root,
  user,
} from '../src/index.js'
import { capabilitySet } from '../src/process/capabilities/available-capabilities.js'
import { complaintsOf } from './complaints-of.js'
import { contained } from './contained.js'
import { namespaces, proc, tree } from './steps.js'

const UNTIL_EXECVE = { untilExecve: ['CAP_SYS_ADMIN'] } as const

/** Forbids everything that rt calls in the set-up, and that `cat` doesn't. */
const SETUP_FORBIDDEN: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    {
      names: [
        'capset',
        'prctl',
        'close_range',
        'dup3',
        'ppoll',
        'rt_sigprocmask',
        'seccomp',
        'setresuid',
        'setresgid',
        'setgroups',
        'clone',
        'clone3',
      ],
      action: 'SCMP_ACT_ERRNO',
    },
  ],
}

const bits = (names: readonly CapabilityName[]): bigint =>
  names.reduce((all, name) => all | (1n << BigInt(CAPABILITIES[name])), 0n)

describe('the calls after a filter', () => {
  it('are execve and nothing else', () => {
    const plan = sequence(
      closeDescriptors(),
      loadFilter(new Uint8Array([6, 0, 0, 0, 0, 0, 0xff, 0x7f])),
      exec(['sh'], { env: ['PATH=/bin:/usr/bin'], descriptorsClosed: true }),
    )
    const at = plan.steps.findIndex(({ name }) => name === 'seccomp')
    const after = plan.steps.slice(at + 1).flatMap((step) => step['init.execute'] ?? [])
    const calls = after.flatMap((each) => (each.kind === 'call' ? [each.call] : []))
    expect([...new Set(calls)]).toEqual(['execve'])
    // The step's own call is its last.
    expect(plan.steps[at]?.['init.execute']?.at(-1)).toMatchObject({ call: 'seccomp' })
  })

  it('don’t come without the closing, nor with fds of their own', async () => {
    expect(
      complaintsOf(() => exec(['true'], { env: [], fds: [0], parentDeathSignal: 0, descriptorsClosed: true })),
    ).toEqual([
      'fds: belongs to the step `closeDescriptors`',
      'parentDeathSignal: belongs to the step `closeDescriptors`',
    ])
    expect(complaintsOf(() => closeDescriptors({ fds: [7] }))).toHaveLength(1)
  })
})

describe('a program under a filter', () => {
  let directory: string
  beforeEach((context) => {
    needs(context, 'root', 'busybox')
    directory = busyboxRoot()
  })
  const steps = (...more: (Step | false)[]) => [namespaces(), tree(directory), root([], [proc()]), ...more]
  const status = async (argv: readonly string[], ...more: (Step | false)[]) => {
    const { stdout, stderr, exit } = await contained(steps(...more), argv, { descriptorsClosed: true })
    expect({ stderr, exit }).toEqual({ stderr: '', exit: { code: 0 } })
    return stdout
  }
  const cat = ['cat', '/proc/self/status']
  const held = (text: string) =>
    Object.fromEntries(
      (['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'] as const).map((set) => [set, capabilitySet(text, set)]),
    )

  const kill: CapabilitySets = {
    bounding: DEFAULT_CAPABILITIES,
    permitted: ['CAP_KILL'],
    inheritable: ['CAP_KILL'],
    ambient: ['CAP_KILL'],
  }
  const none: CapabilitySets = { bounding: DEFAULT_CAPABILITIES, permitted: [] }
  const all = bits(DEFAULT_CAPABILITIES)
  const one = bits(['CAP_KILL'])
  it.each<[string, number, CapabilitySets | readonly CapabilityName[], bigint, bigint]>([
    ['root with Docker’s set', 0, DEFAULT_CAPABILITIES, all, 0n],
    ['root that is permitted none: execve gives it the bounding set', 0, none, all, 0n],
    ['a user', 1000, none, 0n, 0n],
    ['a user with an ambient capability', 1000, kill, one, one],
  ])('%s: CAP_SYS_ADMIN was kept until the execve, and no longer', async (_, uid, sets, permitted, ambient) => {
    const filter = seccomp(SETUP_FORBIDDEN)
    const who = user({ uid, gid: uid, groups: [] })
    const text = await status(cat, who, capabilities(sets, 'test', UNTIL_EXECVE), closeDescriptors(), filter)
    expect(held(text)).toEqual({ CapInh: ambient, CapPrm: permitted, CapEff: permitted, CapBnd: all, CapAmb: ambient })
    expect(text).toMatch(/^Seccomp:\s2$/m)
    expect(text).toMatch(/^NoNewPrivs:\s0$/m)
  })

  it('with no_new_privs nothing is kept, and the filter is loaded all the same', async () => {
    const who = user({ uid: 1000, gid: 1000, groups: [] })
    const text = await status(
      cat,
      who,
      capabilities(none),
      noNewPrivileges(),
      closeDescriptors(),
      seccomp(SETUP_FORBIDDEN),
    )
    expect(held(text)).toMatchObject({ CapPrm: 0n, CapBnd: all })
    expect(text).toMatch(/^Seccomp:\s2$/m)
  })

  it('a file’s capabilities give what the bounding set has, not what was kept', async () => {
    // struct vfs_cap_data, revision 2: permitted CAP_SYS_ADMIN and CAP_KILL.
    const data = Buffer.alloc(20)
    data.writeUInt32LE(0x02000000, 0)
    data.writeUInt32LE(Number(bits(['CAP_SYS_ADMIN', 'CAP_KILL'])), 4)
    lsetxattr(join(directory, 'bin/busybox'), 'security.capability', data)
    const who = user({ uid: 1000, gid: 1000, groups: [] })
    const kept = capabilities(none, 'test', UNTIL_EXECVE)
    const text = await status(['busybox', ...cat], who, kept, closeDescriptors(), seccomp(SETUP_FORBIDDEN))
    expect(held(text)).toMatchObject({ CapPrm: one, CapEff: 0n, CapAmb: 0n })
  })

  it('without the capability and no_new_privs the error names what to do', async () => {
    const failing = status(cat, capabilities(DEFAULT_CAPABILITIES), closeDescriptors(), seccomp(SETUP_FORBIDDEN))
    await expect(failing).rejects.toMatchObject({
      code: 'EACCES',
      step: 'seccomp',
      hint: expect.stringContaining('untilExecve'),
    })
  })

  it('process 1 of --init drops the capability itself, and has no filter', async () => {
    const who = user({ uid: 1000, gid: 1000, groups: [] })
    const kept = capabilities(none, 'test', UNTIL_EXECVE)
    const reaper = init({ capabilities: none })
    const text = await status(
      ['cat', '/proc/1/status', '/proc/self/status'],
      who,
      kept,
      reaper,
      closeDescriptors(),
      seccomp(SETUP_FORBIDDEN),
    )
    const [first = '', second = ''] = text.split(/(?<=.)(?=^Name:)/ms)
    expect(first).toMatch(/^Name:\sinit$/m)
    expect(held(first)).toMatchObject({ CapPrm: 0n, CapEff: 0n, CapBnd: all })
    expect(first).toMatch(/^Seccomp:\s0$/m)
    expect(held(second)).toMatchObject({ CapPrm: 0n, CapEff: 0n, CapBnd: all })
    expect(second).toMatch(/^Seccomp:\s2$/m)
  })

  it('a bare exec without the closing before it executes nothing', async () => {
    await expect(status(cat, seccomp(SETUP_FORBIDDEN))).rejects.toThrow(
      'this step reads "$closed", which nothing has saved',
    )
  })
})
