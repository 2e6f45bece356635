// requires root, busybox, apps/cli/dist: Docker's meanings of limits, names and devices, as the kernel has them
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { containerPid } from './container-pid.js'
import { CLI, NOBODY, rt, rtAsNobody, start } from './rt.js'

beforeEach((context) => needs(context, 'root', 'busybox'))

/** In a container of its own; v1's file or v2's. */
const limit = (options: readonly string[], v1: string, v2: string): string =>
  rt([
    'run',
    ...options,
    '--',
    'sh',
    '-c',
    `cat /sys/fs/cgroup/${v1} 2>/dev/null || cat /sys/fs/cgroup/${v2}`,
  ]).stdout.trim()

const UNLIMITED = /^(max|9223372036854771712)$/
const files = {
  memory: ['memory/memory.limit_in_bytes', 'memory.max'],
  shares: ['cpu/cpu.shares', 'cpu.weight'],
  quota: ['cpu/cpu.cfs_quota_us', 'cpu.max'],
  pids: ['pids/pids.max', 'pids.max'],
} as const

describe('0 is “not given”', () => {
  it.each<[string, string[], readonly [string, string], RegExp]>([
    ['-m 0', ['-m', '0'], files.memory, UNLIMITED],
    ['-m 0b', ['-m', '0b'], files.memory, UNLIMITED],
    ['--memory-reservation 0', ['--memory-reservation', '0'], files.memory, UNLIMITED],
    ['--memory-swap 0', ['-m', '64m', '--memory-swap', '0'], files.memory, /^67108864$/],
    ['--pids-limit 0', ['--pids-limit', '0'], files.pids, UNLIMITED],
    ['--pids-limit -1', ['--pids-limit', '-1'], files.pids, UNLIMITED],
    ['--cpus 0', ['--cpus', '0'], files.quota, /^(-1|max 100000)$/],
    ['--cpus 0.0', ['--cpus', '0.0'], files.quota, /^(-1|max 100000)$/],
    ['-c 0', ['-c', '0'], files.shares, /^(1024|100)$/],
  ])('%s', (_, options, [v1, v2], value) => {
    expect(limit(options, v1, v2)).toMatch(value)
  })
})

describe('memory and swap', () => {
  const swap = ['memory/memory.memsw.limit_in_bytes', 'memory.swap.max'] as const
  it('together are twice the memory, unless told otherwise', (context) => {
    if (limit(['-m', '64m'], ...swap) === '') context.skip('needs swap accounting')
    expect(limit(['-m', '64m'], ...swap)).toMatch(/^(134217728|67108864)$/)
    expect(limit(['-m', '64m', '--memory-swap', '0'], ...swap)).toMatch(/^(134217728|67108864)$/)
    expect(limit(['-m', '64m', '--memory-swap', '96m'], ...swap)).toMatch(/^(100663296|33554432)$/)
    expect(limit(['-m', '64m', '--memory-swap', '-1'], ...swap)).toMatch(UNLIMITED)
  })
})

it('more processors than there are are refused', () => {
  const count = cpus().length
  expect(rt(['run', '--cpus', `${count + 0.5}`, '--', 'true'])).toMatchObject({
    status: 125,
    stderr: expect.stringContaining(`expected from 0.01 to ${count}, the processors of this machine`),
  })
  expect(rt(['run', '--cpus', `${count}`, '--', 'true'])).toMatchObject({ status: 0, stderr: '' })
})

describe('a name', () => {
  const parent = `rt-cli-name-${process.pid}`
  it('that is in use is refused, and the first keeps its limits', async () => {
    const words = ['run', '-i', '--cgroup-parent', `/${parent}`, '--name', 'x']
    const file = 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max'
    const first = start([...words, '-m', '200m', '--', 'sh', '-c', `echo ready; cat >/dev/null; ${file}`])
    await first.says('ready\n')
    expect(rt([...words, '-m', '32m', '--device', '/dev/full', '--', 'true'])).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/^rt: cgroup .*: the name "x" is in use by a running container\n {2}hint: /),
    })
    first.child.stdin.end()
    expect(await first.exited).toEqual({ status: 0, signal: null })
    expect(first.output().stdout).toBe(`ready\n${200 << 20}\n`)
    // And is free again.
    expect(rt([...words, '--', 'true'])).toMatchObject({ status: 0, stderr: '' })
  })

  it('of a compiled program is its own: two at once are one too many if it has been named, else each has its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rt-compiled-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const root = busyboxRoot()
    for (const [name, options] of [
      ['named', ['--name', 'rt-cli-compiled']],
      ['any', []],
    ] as const) {
      const file = join(folder, name)
      const words = ['run', '-i', ...options, root, 'sh', '-c', 'echo ready; cat']
      expect(rt(['compile', '-o', file, ...words]).stderr).toBe('')
      const first = spawn(file, { stdio: ['pipe', 'pipe', 'inherit'] })
      await new Promise((resolve) => first.stdout.once('data', resolve))
      const second = spawnSync(file, { encoding: 'utf8', input: '' })
      if (name === 'any') expect(second).toMatchObject({ status: 0, stdout: 'ready\n', stderr: '' })
      else {
        expect(second.status).toBe(125)
        expect(second.stderr).toContain('the name "rt-cli-compiled" is in use by a running container')
      }
      const ended = new Promise((resolve) => first.once('exit', resolve))
      first.stdin.end()
      expect(await ended).toBe(0)
      expect(spawnSync(file, { encoding: 'utf8', input: '' }).status).toBe(0)
    }
  })
})

describe('devices of a default container', () => {
  const inRoot = (options: readonly string[], command: string) =>
    rt(['run', ...options, busyboxRoot(), 'sh', '-c', command])

  it('can be made, and only the harmless ones be opened', () => {
    const open = (name: string, type: string, major: number, minor: number) =>
      `mknod /tmp/${name} ${type} ${major} ${minor} && (: </tmp/${name}) 2>/dev/null && echo ${name}`
    const command = [
      open('null', 'c', 1, 3),
      open('urandom', 'c', 1, 9),
      open('mem', 'c', 1, 1),
      open('kmsg', 'c', 1, 11),
      open('loop', 'b', 7, 0),
      open('fuse', 'c', 10, 229),
    ].join('; ')
    expect(inRoot([], `${command}; true`)).toMatchObject({ status: 0, stdout: 'null\nurandom\n', stderr: '' })
  })

  it('--device adds one, with the accesses that are given and no other', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rt-device-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    // A number without a driver, most likely: the cgroup answers before it is looked for.
    const node = join(folder, 'node')
    execFileSync('mknod', [node, 'c', '10', '254'])
    const command =
      'for access in "</dev/given" ">/dev/given" "</tmp/again" ">/tmp/again"; do test -e /tmp/again || mknod /tmp/again c 10 254; ' +
      'sh -c ": $access" 2>&1 | grep -q "not permitted" && echo no || echo yes; done'
    const answers = (access: string) => inRoot(['--device', `${node}:/dev/given${access}`], command).stdout
    expect(answers(':r')).toBe('yes\nno\nyes\nno\n')
    expect(answers(':w')).toBe('no\nyes\nno\nyes\n')
    expect(answers('')).toBe('yes\nyes\nyes\nyes\n')
    // Asked for by nobody.
    expect(inRoot([], 'mknod /tmp/again c 10 254; (: </tmp/again) 2>&1').stdout).toContain('not permitted')
  })
})

it('the container sees its groups as the roots of all hierarchies, in a namespace of its own', () => {
  const { stdout } = rt(['run', '--', 'sh', '-c', 'readlink /proc/self/ns/cgroup; cat /proc/self/cgroup'])
  const [namespace, ...groups] = stdout.trim().split('\n')
  expect(namespace).not.toBe(readlinkSync('/proc/self/ns/cgroup'))
  expect(groups.length).toBe(readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n').length)
  for (const group of groups) expect(group).toMatch(/^\d+:[^:]*:\/$/)
})

describe('uid 0 is no privilege', () => {
  it('in a user namespace there are no device rules, and the rest is as ever', (context) => {
    const root = busyboxRoot()
    const unshare = (...args: string[]) =>
      spawnSync('unshare', ['-Urmpf', '--mount-proc', process.execPath, '--', CLI, ...args], {
        encoding: 'utf8',
        env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined },
      })
    if (spawnSync('unshare', ['-Ur', 'true']).status !== 0) context.skip('needs unshare, and user namespaces')
    const { status, stdout, stderr } = unshare('run', root, 'sh', '-c', 'id -u; echo x >/dev/null && echo written')
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '0\nwritten\n', stderr: '' })
    expect(unshare('explain', 'run', root, 'true').stdout).toContain('no device rules: rt runs in a user namespace')
  })
})

it('rt exec works for a plain user, whose container stays in his own groups', async () => {
  const home = mkdtempSync(join(tmpdir(), 'rt-home-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  execFileSync('cp', ['-a', busyboxRoot(), join(home, 'root')])
  execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, home])
  chownSync(home, NOBODY, NOBODY)
  const child = spawn(process.execPath, ['--', CLI, 'run', '-i', join(home, 'root'), 'sh', '-c', 'echo ready; cat'], {
    uid: NOBODY,
    gid: NOBODY,
    env: { PATH: process.env.PATH, HOME: home },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const pid = String(containerPid(child.pid as number))
  expect(existsSync(`/proc/${pid}`)).toBe(true)
  expect(rtAsNobody(['exec', pid, 'sh', '-c', 'test -x /bin/busybox && id -u'])).toEqual({
    status: 0,
    signal: null,
    stdout: '0\n',
    stderr: '',
  })
  child.stdin.end()
  expect(await ended).toBe(0)
})
