// requires root: new namespaces; the first two need nothing
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { CLONE_NEWNS, F_SETFD, FD_CLOEXEC, O_CLOEXEC, posixSpawn, syscall } from '@rt/sys'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { assemble, call, run, sequence, TOLD_TO_NODE, vector } from '../src/index.js'
import { execute, shell, step } from './plans.js'

// The moment at which all fds of a start are open, and another thread of Node might start a program.
vi.mock('@rt/sys', async (original) => {
  const sys = await original<typeof import('@rt/sys')>()
  return { ...sys, posixSpawn: vi.fn(sys.posixSpawn) }
})

/** fds of this process that a program which is started now would inherit, but for 0, 1 and 2. */
const inherited = (): number[] =>
  readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => fd > 2 && existsSync(`/proc/self/fd/${fd}`))
    .filter((fd) => {
      const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1]
      return (Number.parseInt(flags as string, 8) & O_CLOEXEC) === 0
    })

const handed = step('hand over', {
  meets: [{ at: 'init.enter', node: { why: 'a test', act: () => Promise.reject(new Error('seen')) } }],
})
const console = step('terminal', { terminal: true })

describe('what Node opens for a container', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rt-descriptors-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
    vi.mocked(posixSpawn).mockClear()
  })

  it('no other program that is started meanwhile gets', async () => {
    const before = inherited()
    const seen: number[][] = []
    const { posixSpawn: start } = await vi.importActual<typeof import('@rt/sys')>('@rt/sys')
    vi.mocked(posixSpawn).mockImplementation((options) => {
      seen.push(inherited())
      return start(options)
    })
    // Every kind of fd that a start can have: pipes, /dev/null, a low fd moved up, the log, news, a console, Node's turn.
    const plan = sequence(console, handed, step('exec', { 'init.execute': execute(['/bin/true']) }))
    for (const stdio of ['pipe', 'null', 'inherit', ['pipe', 2, 1]] as const) {
      await expect(run(plan, { stdio })).rejects.toThrow('seen')
    }
    expect(seen).toEqual([before, before, before, before])
  })

  it('nor while it runs', async () => {
    const list = () => spawnSync('/bin/ls', ['/proc/self/fd'], { encoding: 'utf8' }).stdout
    const before = list()
    const container = await run(sequence(step('exec', { 'init.execute': execute(['/bin/cat']) })), { stdio: 'pipe' })
    expect(list()).toBe(before)
    container.stdin?.end()
    await container.exited
  })

  it('the program has not either, though its exec closes nothing', async (context) => {
    needs(context, 'root')
    const argv = ['/bin/ls', '/proc/self/fd']
    const bare = step('exec', { 'init.execute': [call('execve', [argv[0] as string, vector(argv), vector([])])] })
    const node = step('node', { meets: [{ at: 'init.enter', node: { why: 'a test', act: () => undefined } }] })
    for (const more of [[], [node]]) {
      const plan = sequence(step('namespaces', { clone: CLONE_NEWNS }), more, bare)
      const container = await run(plan, { stdio: ['null', 'pipe', 'inherit'] })
      // The fourth is ls's own, on the directory.
      expect(await text(container.stdout!)).toBe('0\n1\n2\n3\n')
      await container.exited
    }
  })

  it('nor what Node’s caller, or native code in it, opened without close-on-exec', async (context) => {
    needs(context, 'root')
    const argv = ['/bin/ls', '/proc/self/fd']
    const bare = step('exec', { 'init.execute': [call('execve', [argv[0] as string, vector(argv), vector([])])] })
    const held = openSync('/dev/null', 'r')
    const inheritable = (fd: number, on: boolean) => syscall('fcntl', fd, F_SETFD, on ? 0 : FD_CLOEXEC)
    // Whatever numbers are in use: the first of them that isn't rt's own among them.
    const fds = readdirSync('/proc/self/fd')
      .map(Number)
      .filter((fd) => fd > 2 && existsSync(`/proc/self/fd/${fd}`) && !inherited().includes(fd))
    expect(fds).toEqual(expect.arrayContaining([3, 4, 5, 6, 7, 8, held]))
    try {
      for (const fd of fds) inheritable(fd, true)
      const plan = sequence(step('namespaces', { clone: CLONE_NEWNS }), bare)
      const container = await run(plan, { stdio: ['null', 'pipe', 'inherit'] })
      expect(await text(container.stdout!)).toBe('0\n1\n2\n3\n')
      await container.exited
    } finally {
      for (const fd of fds) inheritable(fd, false)
      closeSync(held)
    }
  })

  it('init does nothing where the gate has not been opened: the supervisor was killed', async (context) => {
    needs(context, 'root')
    const marker = join(folder, 'marker')
    const parent = step('parent', { meets: [{ at: 'init.enter', host: [call('getppid', [])] }] })
    const enter = step('enter', { 'init.enter': [call('mkdirat', [-100, marker, 0o700])] })
    const plan = shell('exit 0', parent, enter)
    // Detached: without the kernel's help, which kills init when its parent is gone.
    const { sites } = assemble(plan, { supervision: { ...TOLD_TO_NODE, dieWith: 'nobody' } })
    const op = sites.findIndex(({ instruction }) => instruction.kind === 'call' && instruction.call === 'getppid')
    await expect(run(plan, { stdio: 'null', detached: true, fault: { op, dies: true } })).rejects.toMatchObject({
      code: 'RT_BROKEN_PROCESS',
    })
    expect(existsSync(marker)).toBe(false)
  })
})
