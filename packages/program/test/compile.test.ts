// requires root: the executables make namespaces
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { openPseudoTerminal, POLLIN, pidfdOpen, syscall } from '@rt/sys'
import { afterAll, describe, expect, it } from 'vitest'
import { call, compile, fail, type Plan, type Step, sequence } from '../src/index.js'
import { execute, shell, step } from './plans.js'

const folder = mkdtempSync(join(tmpdir(), 'rt-compile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0

function executable(plan: Plan): string {
  const file = join(folder, `elf-${count++}`)
  writeFileSync(file, compile(plan), { mode: 0o755 })
  return file
}

const run = (plan: Plan) => {
  const { status, signal, stdout, stderr } = spawnSync(executable(plan), { encoding: 'utf8', env: {}, timeout: 10_000 })
  return { status, signal, stdout, stderr }
}

describe.skipIf(process.getuid?.() !== 0)('a compiled plan (skipped without root: new namespaces)', () => {
  it('does the same without Node, and exits as the container does', () => {
    expect(run(shell('echo "pid $$"; exit 9'))).toEqual({ status: 9, signal: null, stdout: 'pid 1\n', stderr: '' })
  })

  it('exits with 128 + n when a signal ended the container', () => {
    const plan = sequence(
      step('namespaces', { clone: 0x20000 }),
      step('exec', { 'init.execute': execute(['/bin/sh', '-c', 'kill -TERM $$']) }),
    )
    expect(run(plan).status).toBe(143)
  })

  it('says which step, call and errno ended the set-up, and exits with 125', () => {
    const bad = step('mounts[0] "/x"', { 'init.mount': [call('mount', ['none', '/nonexistent', 'tmpfs', 6, null])] })
    expect(run(shell('exit 0', bad))).toEqual({
      status: 125,
      signal: null,
      stdout: '',
      stderr:
        'rt: mounts[0] "/x" (test): mount("none", "/nonexistent", "tmpfs", MS_NOSUID|MS_NODEV, NULL) = -1 ENOENT\n',
    })
  })

  it('says so too when a call that tolerates some errors fails with another', () => {
    const bad = step('chdir', { 'init.mount': [call('chdir', ['/etc/passwd'], { tolerate: ['ENOENT', 'EACCES'] })] })
    expect(run(shell('exit 0', bad)).stderr).toBe('rt: chdir (test): chdir("/etc/passwd") = -1 ENOTDIR\n')
  })

  it('says what a step says by itself, with no errno that never was, and the hint of the step', () => {
    const says = step('looks', { 'init.mount': [fail('this is not a devpts', 'mount one there')] })
    expect(run(shell('exit 0', says)).stderr).toBe('rt: looks (test): this is not a devpts\n  hint: mount one there\n')
    const hinted = (path: string) =>
      step('chdir', {
        'host.prepare': [
          call('chdir', ['/nonexistent'], { tolerate: ['ENOENT'] }),
          call('chdir', [path], { hints: { ENOENT: 'make it', ENOTDIR: 'it is a file' } }),
        ],
      })
    expect(run(shell('exit 0', hinted('/no'))).stderr).toBe(
      'rt: chdir (test): chdir("/no") = -1 ENOENT\n  hint: make it\n',
    )
    expect(run(shell('exit 0', hinted('/etc/passwd'))).stderr).toBe(
      'rt: chdir (test): chdir("/etc/passwd") = -1 ENOTDIR\n  hint: it is a file\n',
    )
  })

  it('exits with 125 too when it is the supervisor’s part that failed while init waited', () => {
    const bad = step('map', { meets: [{ at: 'init.enter', host: [call('chdir', ['/nonexistent'])] }] })
    expect(run(shell('exit 0', bad))).toMatchObject({
      status: 125,
      stderr: 'rt: map (test): chdir("/nonexistent") = -1 ENOENT\n',
    })
  })

  it('exits with 127 and 126 like a shell when the command is not there or not executable', () => {
    const exec = (file: string) => sequence(step('exec', { 'init.execute': execute([file]) }))
    expect(run(exec('/nonexistent'))).toMatchObject({ status: 127, stderr: expect.stringContaining('= -1 ENOENT') })
    expect(run(exec('/etc/passwd'))).toMatchObject({ status: 126, stderr: expect.stringContaining('= -1 EACCES') })
  })

  it('runs the `after` phase of a set-up that failed as well as of one that worked', () => {
    const file = join(folder, 'marker')
    const clean = step('clean', {
      'host.prepare': [call('mkdirat', [-100, file, 0o700])],
      'host.gone': [call('unlinkat', [-100, file, 0x200])],
    })
    for (const end of ['exit 0', 'exit 1']) {
      expect(run(shell(end, clean)).stderr).toBe('')
      expect(() => execFileSync('test', ['-e', file])).toThrow()
    }
    run(shell('exit 0', clean, step('bad', { 'init.mount': [call('chdir', ['/nonexistent'])] })))
    expect(() => execFileSync('test', ['-e', file])).toThrow()
  })

  it('starts the container with no signal blocked or ignored, whatever it was started with', () => {
    const status = 'grep Sig[BI] /proc/self/status'
    const file = executable(shell(status))
    // The first and the last signal, too; but SIGKILL, SIGSTOP, the two that glibc keeps for itself, and the shell's own.
    const all = Array.from({ length: 64 }, (_, i) => i + 1).filter((n) => ![9, 11, 17, 19, 32, 33].includes(n))
    const ignoring = (command: string) =>
      spawnSync('sh', ['-c', `trap "" ${all.join(' ')}; exec sh -c "${command}"`], {
        encoding: 'utf8',
        timeout: 10_000,
      }).stdout
    expect(ignoring(status)).toMatch(/^SigBlk:\t0{16}\nSigIgn:\tfffffffe7ffafaff\n$/)
    expect(ignoring(file)).toMatch(/^SigBlk:\t0{16}\nSigIgn:\t0{16}\n$/)
  })

  it('has streams where whoever started it has none, so that its own fds are not taken for them', () => {
    const list = join(folder, 'list')
    const plan = shell(`readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 > ${list}`)
    spawnSync('/bin/sh', ['-c', 'exec "$0" <&- >&- 2>&-', executable(plan)], { timeout: 10_000 })
    // The second is where readlink itself writes.
    expect(readFileSync(list, 'utf8').trim().split('\n')).toEqual(['/dev/null', list, '/dev/null'])

    // An error message of the supervisor, written to a gate that is fd 2, would let init go on.
    const marker = join(folder, 'marker')
    const bad = step('map', {
      meets: [{ at: 'init.enter', host: [call('chdir', ['/nonexistent'])] }],
      'init.enter': [call('mkdirat', [-100, marker, 0o755])],
    })
    for (let i = 0; i < 20; i++) {
      const { status } = spawnSync('/bin/sh', ['-c', 'exec "$0" >&- 2>&-', executable(shell('exit 0', bad))])
      expect(status).toBe(125)
      expect(existsSync(marker)).toBe(false)
    }
  })

  it('forwards signals to the container', async () => {
    const script = 'trap "echo term; exit 4" TERM; echo ready; while :; do sleep 0.05; done'
    const child = spawn(executable(shell(script)), { stdio: ['ignore', 'pipe', 'inherit'], env: {} })
    let output = ''
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes
      if (output === 'ready\n') child.kill('SIGTERM')
    })
    const [code] = (await once(child, 'close')) as [number]
    expect({ code, output }).toEqual({ code: 4, output: 'ready\nterm\n' })
  })

  it.each<[string, Step[]]>([
    ['in the same process group: by the terminal alone', []],
    ['in a session of its own: by the executable', [step('session', { 'init.mount': [call('setsid', [])] })]],
  ])('has Ctrl-C once: a container %s', async (_, steps) => {
    const { controller, peer } = openPseudoTerminal()
    // Each SIGINT is one line. A second one that came while the first is dealt with would be one with it to the kernel:
    // so it is tried often. SIGTERM follows SIGINT through the executable: at its line all is counted.
    const script = 'trap "echo int" INT; trap "echo term" TERM; echo ready; while :; do sleep 0.01 & wait; done'
    const child = spawn('setsid', ['--ctty', executable(shell(script, ...steps))], { stdio: [peer, 'pipe', 'inherit'] })
    const lines: AsyncIterator<string> = createInterface(child.stdout as Readable)[Symbol.asyncIterator]()
    const line = async () => (await lines.next()).value
    try {
      expect(await line()).toBe('ready')
      for (let i = 0; i < 20; i++) {
        writeSync(controller, '\x03')
        expect(await line()).toBe('int')
        child.kill('SIGTERM')
        expect(await line()).toBe('term')
      }
    } finally {
      child.kill('SIGKILL')
      await once(child, 'close')
      for (const fd of [controller, peer]) closeSync(fd)
    }
  })

  it('takes the container with it when it is killed', async () => {
    // No pid namespace: the container's own number is the host's.
    const sleeps = step('exec', { 'init.execute': execute(['/bin/sh', '-c', 'echo $$; exec sleep 60']) })
    const child = spawn(executable(sequence(sleeps)), { stdio: ['ignore', 'pipe', 'inherit'], env: {} })
    const [pid] = (await once(child.stdout, 'data')) as [Buffer]
    const container = pidfdOpen(Number(pid))
    try {
      child.kill('SIGKILL')
      // The pipe's other end is the container's: its end says that the container is gone.
      child.stdout.resume()
      await once(child.stdout, 'end')
      // It closes its files before it is dead to a pidfd.
      const watched = new Int32Array([container, POLLIN])
      const limit = new BigInt64Array([5n, 0n])
      expect(syscall('ppoll', new Uint8Array(watched.buffer), 1, new Uint8Array(limit.buffer), null, 0)).toBe(1)
    } finally {
      closeSync(container)
    }
  })
})

describe('compile refuses', () => {
  it('a plan that needs Node, with every reason', () => {
    const plan = sequence(
      step('uid map', {
        origin: '--userns',
        meets: [{ at: 'init.enter', node: { why: 'Node writes the map', act: () => undefined } }],
      }),
      step('network', {
        origin: '--network',
        meets: [{ at: 'init.mount', node: { why: 'Node asks a plugin', act: () => undefined } }],
      }),
    )
    expect(() => compile(plan)).toThrow(
      expect.objectContaining({
        code: 'RT_NEEDS_NODE',
        message: '--userns: uid map: Node writes the map (and 1 more)',
        summary: expect.stringContaining("can't be compiled"),
        hint: 'leave out what asks for these steps, or run the plan instead',
        complaints: [
          { path: '--userns', message: expect.any(String) },
          { path: '--network', message: expect.any(String) },
        ],
      }),
    )
  })
})
