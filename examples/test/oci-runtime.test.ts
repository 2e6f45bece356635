// requires root: podman drives the example of an OCI runtime
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { detectCgroups } from '@rt/cgroups'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../tooling/fixtures/index.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const runtime = join(repository, 'examples/oci-runtime')

describe('the example of an OCI runtime', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rt-engine-'))
  const at = (name: string): string => join(folder, name)
  const parent = `/rt-engine-${process.pid}`
  let namespace: ChildProcess | undefined
  let root: string

  /** Everything of podman's is below the folder: its storage, its state, its locks. */
  const podman = (...args: string[]) => {
    const places = ['--root', at('root'), '--runroot', at('run'), '--tmpdir', at('tmp'), '--hooks-dir', at('hooks')]
    const ways = ['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--events-backend', 'none']
    const { status, stdout, stderr } = spawnSync('podman', [...places, ...ways, '--runtime', at('runtime'), ...args], {
      encoding: 'utf8',
      timeout: 60_000,
      // conmon puts its socket there.
      env: { ...process.env, CONTAINERS_CONF: at('containers.conf'), TMPDIR: folder },
    })
    return { status, stdout, stderr }
  }
  const container = (...args: string[]) => ['--cgroup-parent', parent, '--security-opt', 'label=disable', ...args]
  const left = () => (existsSync(at('state')) ? readdirSync(at('state')) : [])
  const parents = () =>
    detectCgroups().hierarchies.flatMap(({ top }) =>
      top !== undefined && existsSync(top + parent) ? [top + parent] : [],
    )

  beforeAll(() => {
    if (process.getuid?.() !== 0) return
    root = busyboxRoot()
    mkdirSync(at('hooks'))
    const tsx = `${repository}/node_modules/.bin/tsx --tsconfig ${repository}/tsconfig.json`
    writeFileSync(at('runtime'), `#!/bin/sh\nexec ${tsx} ${runtime}/runtime.ts --root=${at('state')} "$@"\n`, {
      mode: 0o755,
    })
    // The engine's own limits are above what this machine's root may set.
    writeFileSync(at('containers.conf'), '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n')
    writeFileSync(at('hook'), `#!/bin/sh\ncat >${at('hook.told')}\n`, { mode: 0o755 })
    const hook = { version: '1.0.0', hook: { path: at('hook') }, when: { always: true }, stages: ['createRuntime'] }
    writeFileSync(at('hooks/hook.json'), JSON.stringify(hook))
    namespace = spawn('unshare', ['--net', 'sleep', '600'], { stdio: 'ignore' })
  })
  afterAll(() => {
    namespace?.kill()
    // podman makes the parent, and a group of its monitors in it, and leaves both.
    for (const group of parents()) {
      if (existsSync(`${group}/conmon`)) rmdirSync(`${group}/conmon`)
      rmdirSync(group)
    }
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach((context) => needs(context, 'root', 'busybox', 'podman'))

  it('is short', () => {
    const lines = ['plan.ts', 'runtime.ts'].map(
      (name) => readFileSync(join(runtime, name), 'utf8').split('\n').length - 1,
    )
    expect(lines.reduce((all, each) => all + each)).toBeLessThanOrEqual(150)
  })

  it('podman run: output, exit code, a limit, a hook that is told the pid, and nothing is left', () => {
    const script = 'id -u; echo $$; hostname; cat /proc/self/limits | grep "open files"; exit 7'
    const ran = podman(
      'run',
      '--rm',
      '--network',
      'none',
      '--hostname',
      'box',
      ...container('--rootfs', root, 'sh', '-c', script),
    )
    expect(ran).toEqual({
      status: 7,
      stdout: expect.stringMatching(/^0\n1\nbox\nMax open files +1024 +1024 +files *\n$/),
      stderr: '',
    })
    const told = JSON.parse(readFileSync(at('hook.told'), 'utf8')) as { pid: number; status: string }
    expect(told).toMatchObject({ status: 'creating', pid: expect.any(Number), bundle: expect.stringContaining(folder) })
    expect(left()).toEqual([])
  }, 60_000)

  it('a network namespace by path', () => {
    const path = `/proc/${namespace?.pid}/ns/net`
    const inode = spawnSync('readlink', [path], { encoding: 'utf8' }).stdout
    const ran = podman(
      'run',
      '--rm',
      '--network',
      `ns:${path}`,
      ...container('--rootfs', root, 'readlink', '/proc/self/ns/net'),
    )
    expect(ran).toEqual({ status: 0, stdout: inode, stderr: '' })
    expect(left()).toEqual([])
  }, 60_000)

  it('a terminal, by the console socket', () => {
    const ran = podman(
      'run',
      '--rm',
      '-t',
      '--network',
      'none',
      ...container('--rootfs', root, 'sh', '-c', 'tty; exit 3'),
    )
    expect(ran).toEqual({ status: 3, stdout: '/dev/pts/0\r\n', stderr: '' })
    expect(left()).toEqual([])
  }, 60_000)

  it('create, init, start, logs, stop, rm', () => {
    const script = 'trap "exit 3" TERM; echo up; while :; do sleep 0.05; done'
    const name = 'long'
    const created = podman(
      'create',
      '--name',
      name,
      '--network',
      'none',
      ...container('--rootfs', root, 'sh', '-c', script),
    )
    expect(created.status).toBe(0)
    expect(podman('init', name)).toMatchObject({ status: 0 })
    expect(podman('ps', '-a', '--format', '{{.Status}}').stdout).toBe('Initialized\n')
    expect(podman('start', name)).toMatchObject({ status: 0 })
    expect(podman('ps', '--format', '{{.Status}}').stdout).toMatch(/^Up /)
    expect(podman('stop', '-t', '20', name)).toMatchObject({ status: 0 })
    expect(podman('logs', name).stdout).toBe('up\n')
    expect(podman('inspect', '--format', '{{.State.ExitCode}}', name).stdout).toBe('3\n')
    expect(podman('rm', '-f', name).status).toBe(0)
    expect(left()).toEqual([])
  }, 120_000)

  it('a killed one, and one whose program is not there', () => {
    const missing = podman('run', '--rm', '--network', 'none', ...container('--rootfs', root, 'nosuch'))
    expect(missing).toEqual({ status: 127, stdout: '', stderr: expect.stringContaining('execve("/bin/nosuch"') })
    const name = 'killed'
    podman('run', '-d', '--name', name, '--network', 'none', ...container('--rootfs', root, 'sleep', '600'))
    expect(podman('kill', name)).toMatchObject({ status: 0 })
    expect(podman('wait', name).stdout).toBe('137\n')
    expect(podman('rm', '-f', name).status).toBe(0)
    expect(left()).toEqual([])
  }, 120_000)
})
