// requires root: containers are created, and started later
import { spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joined } from 'node:path'
import { detectCgroups, join } from '@rt/cgroups'
import { directoryTree, mount, namespaces } from '@rt/mountns'
import { assemble, create, type Fault, hostProgram, PID_HERE, type Plan, sequence, TOLD_TO_NODE } from '@rt/program'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { awaitStart, exec, newSession, root, START, start, terminal } from '../src/index.js'

const folder = mkdtempSync(joined(tmpdir(), 'rt-create-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const fifo = joined(folder, 'fifo')
const group = `/rt-create-${process.pid}`
const groups = () =>
  detectCgroups().hierarchies.flatMap(({ top }) =>
    top !== undefined && existsSync(`${top}${group}`) ? [`${top}${group}`] : [],
  )
const told = joined(folder, 'told')

const shell = (script: string, more: Partial<{ terminal: boolean; argv: string[] }> = {}): Plan =>
  sequence(
    namespaces({ mount: true, pid: true }),
    join(group, {}),
    root(directoryTree('/'), [
      mount({ type: 'proc', destination: '/proc' }),
      more.terminal && mount({ type: 'devpts', destination: '/dev/pts', options: ['newinstance', 'ptmxmode=0666'] }),
    ]),
    {
      name: 'hook',
      why: 'a test',
      meets: [
        {
          at: 'init.pivot',
          host: hostProgram({
            name: 'hook',
            file: '/bin/sh',
            argv: ['sh', '-c', `cat >${told}`],
            stdin: `${PID_HERE}\n`,
          }),
        },
      ],
    },
    more.terminal ? terminal({ console: false }) : newSession(),
    awaitStart(fifo),
    exec(more.argv ?? ['/bin/sh', '-c', script], { env: ['PATH=/bin:/usr/bin'], parentDeathSignal: 0, waitFor: START }),
  )

const stat = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')
/** Orphans are taken in by somebody who may take his time to reap them. */
const isDead = (pid: number): boolean => !existsSync(`/proc/${pid}`) || stat(pid)[0] === 'Z'
const paid = (owed: Buffer) => {
  const file = joined(folder, 'owed')
  writeFileSync(file, owed, { mode: 0o700 })
  const { status, stderr } = spawnSync(file, { encoding: 'utf8' })
  rmSync(file)
  return { status, stderr }
}

describe.skipIf(process.getuid?.() !== 0)('create and start (skipped without root: new namespaces)', () => {
  let toEnd: number | undefined
  afterEach(async () => {
    if (toEnd !== undefined && !isDead(toEnd)) process.kill(toEnd, 'SIGKILL')
    toEnd = undefined
    rmSync(fifo, { force: true })
  })

  it('everything is made, nobody is beside it, and the program waits until it is let go, once', async () => {
    const output = joined(folder, 'output')
    const created = await create(shell(`echo $$; ls /proc/self/fd; exec 0</dev/null; echo >${output}.end`), {
      stdio: 'null',
    })
    const { pid } = created
    toEnd = pid
    expect(readFileSync(told, 'utf8')).toBe(`${pid}\n`)
    expect(stat(pid).slice(0, 2)).not.toContain(String(process.pid))
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('rt\n')
    expect(readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ')).not.toContain(String(pid))
    // Streams, the fifo, and the end of a socket that nobody holds the other end of.
    const fds = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
    expect(fds).toEqual(['/dev/null', '/dev/null', '/dev/null', fifo, expect.stringMatching(/^socket:/)])
    expect(groups().length).toBeGreaterThan(0)
    start(fifo)
    expect(() => start(fifo)).toThrow('it was started before')
    await expect.poll(() => isDead(pid)).toBe(true)
    expect(paid(created.owed())).toEqual({ status: 0, stderr: '' })
    expect(groups()).toEqual([])
    expect(existsSync(`${output}.end`)).toBe(true)
  })

  it('says so when the container was killed before its start', async () => {
    const created = await create(shell('exit 0'), { stdio: 'null' })
    process.kill(created.pid, 'SIGKILL')
    await expect.poll(() => isDead(created.pid)).toBe(true)
    expect(() => start(fifo)).toThrow('is dead')
    expect(paid(created.owed())).toEqual({ status: 0, stderr: '' })
    expect(groups()).toEqual([])
    expect(existsSync(fifo)).toBe(false)
  })

  it('two of one name: the second is refused, and the first keeps what it has', async () => {
    const created = await create(shell('exit 0'), { stdio: 'null' })
    toEnd = created.pid
    await expect(create(shell('exit 0'), { stdio: 'null' })).rejects.toMatchObject({ code: expect.any(String) })
    expect(existsSync(fifo)).toBe(true)
    start(fifo)
    await expect.poll(() => isDead(created.pid)).toBe(true)
    paid(created.owed())
    expect(groups()).toEqual([])
  })

  it('a program that can’t be executed says so itself, since nobody else is left', async () => {
    const errors = joined(folder, 'errors')
    writeFileSync(errors, '')
    const fd = openSync(errors, 'a')
    const created = await create(shell('', { argv: ['/bin/nosuch'] }), { stdio: ['null', 'null', fd] })
    closeSync(fd)
    toEnd = created.pid
    start(fifo)
    await expect.poll(() => isDead(created.pid)).toBe(true)
    expect(readFileSync(errors, 'utf8')).toBe(
      'rt: exec: execve("/bin/nosuch", ["/bin/nosuch"], [/* 1 vars */]) = -1 ENOENT\n',
    )
    paid(created.owed())
  })

  it('a terminal goes to whoever listens at the console socket', async (context) => {
    needs(context, 'python3')
    const socket = joined(folder, 'console')
    const script = `import os, socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()
print("listens", flush=True)
peer = s.accept()[0]
text, fds, _, _ = socket.recv_fds(peer, 64, 4)
print(text.rstrip(b"\\0").decode(), len(fds), flush=True)
print(os.read(fds[0], 100).decode().strip(), flush=True)
`
    const engine = spawn('python3', ['-c', script, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    engine.stdout.on('data', (bytes: Buffer) => {
      said += bytes
    })
    await expect.poll(() => said).toBe('listens\n')
    const created = await create(shell('tty', { terminal: true }), { consoleSocket: socket })
    toEnd = created.pid
    expect(readlinkSync(`/proc/${created.pid}/fd/0`)).toBe('/dev/pts/0')
    start(fifo)
    await expect.poll(() => said).toBe('listens\nptmx 1\n/dev/pts/0\n')
    await expect.poll(() => isDead(created.pid)).toBe(true)
    paid(created.owed())
    expect(groups()).toEqual([])
  })

  it('nobody at the console socket is an error, and nothing stays', async () => {
    const failing = create(shell('tty', { terminal: true }), { consoleSocket: joined(folder, 'nobody') })
    await expect(failing).rejects.toMatchObject({ code: 'ENOENT', syscall: 'connect' })
    expect(groups()).toEqual([])
    expect(existsSync(fifo)).toBe(false)
  })

  it.each([
    [{ consoleSocket: 'relative' }, 'the absolute path of a socket'],
    [{ consoleSocket: `/${'x'.repeat(107)}` }, '107 bytes at most'],
    [{ detached: true } as object, 'detached'],
  ])('%j is refused', async (options, message) => {
    await expect(create(shell('exit 0'), options)).rejects.toThrow(message)
  })

  it('a plan that would be left half set up is refused', async () => {
    const plan = sequence(namespaces({ mount: true }), exec(['/bin/true'], { env: [] }))
    await expect(create(plan)).rejects.toThrow('leave before init has been set up')
  })

  describe('its sweep', () => {
    const plan = shell('exit 0')
    const { sites } = assemble(plan, { supervision: { ...TOLD_TO_NODE, leaves: true } })
    const mounts = () =>
      readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .filter((line) => !line.includes(' /tmp/'))
    const before = mounts()
    const inside = () =>
      readdirSync('/proc').filter((name) => {
        if (!/^\d+$/.test(name)) return false
        try {
          return readFileSync(`/proc/${name}/cgroup`, 'latin1').includes(`${group}\n`) && !isDead(Number(name))
        } catch (error) {
          if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
          return false
        }
      })
    /** Creates, and where that has worked, ends and pays as a runtime's delete would. */
    const outcome = async (fault: Fault): Promise<unknown> => {
      try {
        const created = await create(plan, { stdio: 'null', fault })
        if (!isDead(created.pid)) process.kill(created.pid, 'SIGKILL')
        await expect.poll(() => isDead(created.pid), { interval: 2 }).toBe(true)
        expect(paid(created.owed())).toEqual({ status: 0, stderr: '' })
        return created
      } catch (error) {
        return error
      }
    }
    const nothingLeft = async (what: string) => {
      await expect.poll(inside, { message: what, interval: 2 }).toEqual([])
      expect(groups(), what).toEqual([])
      expect(existsSync(fifo), what).toBe(false)
      expect(mounts(), what).toEqual(before)
    }

    it('any call fails: the error names it, and nothing is left', async () => {
      let named = 0
      for (const [op, { step, instruction, helper, fatal, process }] of sites.entries()) {
        if (instruction.kind !== 'call' || helper !== undefined || instruction.call === 'exit_group') continue
        // What takes away fails: that is what is left then.
        if (plan.steps[step]?.['host.gone']?.includes(instruction)) continue
        const what = `operation ${op} (${process}, ${plan.steps[step]?.name ?? 'set-up'}: ${instruction.call}) with EIO`
        const ended = await outcome({ op, errno: 'EIO' })
        if (fatal && ended instanceof Error) named++
        await nothingLeft(what)
      }
      expect(named).toBeGreaterThan(60)
    }, 120_000)

    it('any process dies at any operation: nothing is left', async () => {
      for (const [op, { step, process, instruction }] of sites.entries()) {
        if (plan.steps[step]?.['host.gone']?.includes(instruction as never)) continue
        await outcome({ op, dies: true })
        await nothingLeft(`operation ${op} (${process}, ${plan.steps[step]?.name ?? 'set-up'})`)
      }
    }, 120_000)
  })
})
