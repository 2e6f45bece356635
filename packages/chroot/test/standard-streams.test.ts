// requires root for what is given to another user
import { spawnSync } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assemble, compile, run, type StepList, sequence } from '@rt/program'
import {
  AF_UNIX,
  memfdCreate,
  mknodat,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  openat,
  S_IFCHR,
  S_IFIFO,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  type SyscallName,
  syscall,
} from '@rt/sys'
import { afterEach, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { exec, standardStreams } from '../src/index.js'

const AT_FDCWD = -100
const USER = 4321

const opened: number[] = []
const kept = (fd: number): number => {
  opened.push(fd)
  return fd
}
afterEach(() => {
  for (const fd of opened.splice(0)) closeSync(fd)
})

/** Two fds from a call that fills an array. @returns the second; the first stays open until the test ends */
function secondOf(name: 'pipe2' | 'socketpair'): number {
  const ends = new Int32Array(2)
  const memory = new Uint8Array(ends.buffer)
  if (name === 'pipe2') syscall('pipe2', memory, O_CLOEXEC)
  else syscall('socketpair', AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, memory)
  kept(ends[0] as number)
  return ends[1] as number
}

const folder = temporaryFolder('streams')
const at = (name: string) => join(folder, name)
writeFileSync(at('file'), '')
symlinkSync('file', at('link'))
mknodat(AT_FDCWD, at('fifo'), S_IFIFO | 0o600)

const pathOnly = (path: string, flags = 0) => openat(AT_FDCWD, path, O_PATH | flags)
const made = (name: SyscallName, ...args: number[]) => syscall(name, ...args)

const DIRECTORY = 'is a directory'
const PLACE = 'opened with O_PATH'
const HANDLE = 'neither a file nor a pipe, a socket or a device'

/** Every kind of file that an fd can be: how to make one, and why it is refused. */
const KINDS: [string, () => number, string | undefined][] = [
  ['a file', () => openSync(at('file'), 'r+'), undefined],
  ['a memfd', () => memfdCreate('test'), undefined],
  ['a file of /proc', () => openSync('/proc/self/status', 'r'), undefined],
  ['a pipe', () => secondOf('pipe2'), undefined],
  ['a fifo with a name', () => openSync(at('fifo'), constants.O_RDWR), undefined],
  ['a socket', () => secondOf('socketpair'), undefined],
  ['a device', () => openSync('/dev/null', 'r+'), undefined],
  ['a directory', () => openat(AT_FDCWD, '/', O_DIRECTORY), DIRECTORY],
  ['a directory opened with O_PATH', () => pathOnly('/'), DIRECTORY],
  ['a directory of /proc', () => openat(AT_FDCWD, '/proc/1', O_DIRECTORY), DIRECTORY],
  ['a file opened with O_PATH', () => pathOnly(at('file')), PLACE],
  ['a symlink', () => pathOnly(at('link'), O_NOFOLLOW), PLACE],
  ['a namespace', () => openSync('/proc/self/ns/mnt', 'r'), HANDLE],
  ['a pidfd', () => made('pidfd_open', process.pid, 0), HANDLE],
  ['an epoll', () => made('epoll_create1', O_CLOEXEC), HANDLE],
  ['an eventfd', () => made('eventfd2', 0, O_CLOEXEC), HANDLE],
  ['a timerfd', () => made('timerfd_create', 1, O_CLOEXEC), HANDLE],
  ['an inotify', () => made('inotify_init1', O_CLOEXEC), HANDLE],
]

const plan = (...before: StepList[]) => sequence(before, exec(['/bin/true'], { env: [] }))

describe('standardStreams', () => {
  describe.each(['stdin', 'stdout', 'stderr'])('%s', (name) => {
    const to = ['stdin', 'stdout', 'stderr'].indexOf(name)
    const stdio = (fd: number) =>
      [0, 1, 2].map((each) => (each === to ? fd : ('null' as const))) as ['null', number, 'null']

    it.each(KINDS)('%s', async (_, make, refused) => {
      const fd = kept(make())
      const started = run(plan(standardStreams()), { stdio: stdio(fd) })
      if (refused === undefined) expect(await (await started).exited).toEqual({ code: 0 })
      else {
        await expect(started).rejects.toMatchObject({
          code: 'RT_UNSAFE',
          step: 'standard streams',
          message: expect.stringContaining(refused),
          hint: expect.stringMatching(/redirect|open it/),
        })
        await expect(started).rejects.toThrow(new RegExp(`^${name} is `))
      }
    })
  })

  it('says it without Node too, in a compiled program', () => {
    const file = at('compiled')
    writeFileSync(file, compile(plan(standardStreams())), { mode: 0o700 })
    const directory = kept(openSync('/', 'r'))
    const { status, stderr } = spawnSync(file, { stdio: [directory, 'pipe', 'pipe'], encoding: 'utf8' })
    expect({ status, stderr }).toEqual({
      status: 125,
      stderr:
        'rt: standard streams: stdin is a directory: the container would reach the tree that it is in\n  hint: redirect a file or a pipe; a directory of the host is given with --volume\n',
    })
  })

  it('makes nothing before it has looked', async () => {
    const { sites } = assemble(plan(standardStreams()))
    const first = sites.findIndex(({ step }) => step === 0)
    const before = sites.slice(0, first).map(({ instruction }) => (instruction.kind === 'call' ? instruction.call : ''))
    expect(new Set(before)).toEqual(new Set(['mmap', 'prctl', 'fcntl', 'close', 'close_range']))
  })

  it('refuses an owner that is no id', () => {
    for (const owner of [-1, 1.5, 2 ** 32 - 1]) {
      expect(() => standardStreams({ owner })).toThrow(expect.objectContaining({ code: 'RT_INVALID_OPTION' }))
    }
  })
})

describe('a pipe becomes the container user’s', () => {
  /** The uid of what `fd` leads to, after a container of the user has had it as stdout. */
  const ownerAfter = async (fd: number, options = { owner: USER }): Promise<number> => {
    const container = await run(plan(standardStreams(options)), { stdio: ['null', fd, 'null'] })
    expect(await container.exited).toEqual({ code: 0 })
    return fstatSync(fd).uid
  }

  it('and nothing else does: what has a name on the host stays whose it is', async (context) => {
    needs(context, 'root')
    // Not the host's own /dev/null: if the step did what it must not, the machine would be broken.
    mknodat(AT_FDCWD, at('null'), S_IFCHR | 0o600, (1 << 8) | 3)
    const owners: Record<string, number> = { device: await ownerAfter(kept(openSync(at('null'), 'r+'))) }
    expect(owners).toEqual({ device: 0 })
    for (const [name, make, refused] of KINDS) {
      if (refused === undefined && name !== 'a device') owners[name] = await ownerAfter(kept(make()))
    }
    expect(owners).toEqual({
      device: 0,
      'a file': 0,
      'a memfd': 0,
      'a file of /proc': 0,
      'a pipe': USER,
      'a fifo with a name': 0,
      'a socket': 0,
    })
    expect([statSync(at('fifo')).uid, statSync(at('file')).uid]).toEqual([0, 0])
  })

  it('its group and its mode stay', async (context) => {
    needs(context, 'root')
    const pipe = kept(secondOf('pipe2'))
    const { gid, mode } = fstatSync(pipe)
    await ownerAfter(pipe)
    expect(fstatSync(pipe)).toMatchObject({ gid, mode })
  })

  it('or stays the caller’s, where it can’t be given away', async () => {
    const streams = plan(standardStreams({ owner: USER }))
    const { sites } = assemble(streams)
    const op = sites.findIndex(({ instruction }) => instruction.kind === 'call' && instruction.call === 'fchown')
    const pipe = kept(secondOf('pipe2'))
    const container = await run(streams, { stdio: [pipe, 'null', 'null'], fault: { op, errno: 'EPERM' } })
    expect(await container.exited).toEqual({ code: 0 })
    expect(fstatSync(pipe).uid).toBe(process.getuid?.())
  })
})
