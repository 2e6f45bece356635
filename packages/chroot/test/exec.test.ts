// requires root, busybox for the kernel's part; the plan needs nothing
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { call, ref, type Step } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_PATH, POLLIN, pidfdOpen, syscall } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { candidates } from '../src/exec/candidates.js'
import { DEFAULT_PATH, exec, noNewPrivileges, rlimits, root, user } from '../src/index.js'
import { complaintsOf } from './complaints-of.js'
import { contained, outcome, start } from './contained.js'
import { explained } from './explained.js'
import { pause } from './pause.js'
import { namespaces, proc, tree } from './steps.js'

describe('candidates', () => {
  it.each([
    ['sh', ['PATH=/a:/b'], ['/a/sh', '/b/sh']],
    ['sh', ['PATH=/a::b:'], ['/a/sh', './sh', 'b/sh', './sh']],
    ['sh', ['PATH='], ['./sh']],
    ['sh', ['XPATH=/x', 'PATH=/a', 'PATH=/b'], ['/a/sh']],
    ['sh', [], DEFAULT_PATH.split(':').map((directory) => `${directory}/sh`)],
    ['./sh', ['PATH=/a'], ['./sh']],
    ['/sh', ['PATH=/a'], ['/sh']],
    ['', ['PATH=/a'], ['']],
  ])('%j with %j', (command, env, expected) => {
    expect(candidates(command, env)).toEqual(expected)
  })

  it('keeps bytes that are no UTF-8', () => {
    const name = Buffer.from('\xff', 'latin1')
    expect(candidates(name, ['PATH=/a'])).toEqual(['/a/\udcff'])
  })
})

describe('the plan', () => {
  it('closes, resets, and tries every candidate; then again for the error', () => {
    expect(explained(exec(['ls', '-l'], { env: ['PATH=/usr/bin:/bin', 'A=b'] }))).toMatchInlineSnapshot(`
      "exec:
        prctl(PR_SET_PDEATHSIG, SIGKILL)
        fcntl($pair, F_DUPFD_CLOEXEC, 4) → gate
        dup3(gate<gate>, 3, O_CLOEXEC)
        close_range(4, 4294967295, 0)
        poll+0 = 3
        ppoll(&poll, 1, {tv_sec=0, tv_nsec=0}, NULL, 8) → hung up
        if hung up == 0 go to closed
        fail: the supervisor is gone
        close_range(3, 4294967295, 0)
        rt_sigprocmask(SIG_SETMASK, /* 8 bytes */, NULL, 8)
        execve("/usr/bin/ls", ["ls", "-l"], [/* 2 vars */])
        execve("/bin/ls", ["ls", "-l"], [/* 2 vars */])
        execve("/usr/bin/ls", ["ls", "-l"], [/* 2 vars */])
        execve("/bin/ls", ["ls", "-l"], [/* 2 vars */])"
    `)
  })

  it('takes fds along, in their order', () => {
    expect(
      explained(exec(['/x'], { env: [], fds: [2, ref('$listen')], argv0: '-x', parentDeathSignal: 0 })),
    ).toMatchInlineSnapshot(`
      "exec:
        fcntl(2, F_DUPFD_CLOEXEC, 6) → fd 3
        fcntl($listen, F_DUPFD_CLOEXEC, 6) → fd 4
        fcntl($pair, F_DUPFD_CLOEXEC, 6) → gate
        dup3(fd 3, 3, 0)
        dup3(fd 4, 4, 0)
        dup3(gate<gate>, 5, O_CLOEXEC)
        close_range(6, 4294967295, 0)
        go to closed
        dup3(fd 3, 3, 0)
        dup3(fd 4, 4, 0)
        close_range(5, 4294967295, 0)
        rt_sigprocmask(SIG_SETMASK, /* 8 bytes */, NULL, 8)
        execve("/x", ["-x"], [/* 0 vars */])"
    `)
  })

  it('refuses what the kernel would not take, all at once', () => {
    const long = 'x'.repeat(131_072)
    expect(complaintsOf(() => exec(['a\0b', long], { env: ['=x', 'NAME', `A=${long}`], argv0: '\0' }))).toEqual([
      'argv[0]: has a NUL byte in it, at which the kernel ends text',
      'argv[1]: is 131072 bytes long; the kernel takes at most 131071',
      'env[0]: is not NAME=value',
      'env[1]: is not NAME=value',
      'env[2]: is 131074 bytes long; the kernel takes at most 131071',
      'argv0: has a NUL byte in it, at which the kernel ends text',
    ])
    expect(complaintsOf(() => exec([], { env: [] }))).toEqual(['argv: is empty: expected a command'])
    // In the set-up 6 could be the private procfs, without any mask.
    expect(complaintsOf(() => exec(['x'], { env: [], fds: [1, ref('$listen'), 6, -1] }))).toEqual([
      'fds[2]: expected 0, 1, 2 or a word that a step saved, got 6: above 2 are fds of the set-up',
      'fds[3]: expected 0, 1, 2 or a word that a step saved, got -1: above 2 are fds of the set-up',
    ])
  })
})

describe('the contained process', () => {
  let directory: string
  beforeEach((context) => {
    needs(context, 'root', 'busybox')
    directory ??= busyboxRoot()
  })
  const around = (...more: Step[]) => [namespaces(), root(tree(directory), proc()), more]
  const write = (path: string, text: string | Buffer, mode = 0o755) => {
    mkdirSync(join(directory, path, '..'), { recursive: true })
    writeFileSync(join(directory, path), text)
    chmodSync(join(directory, path), mode)
  }

  it('gets its arguments and environment, and nothing of Node’s', async () => {
    const { stdout } = await contained(around(), ['sh', '-c', 'echo "$0|$1|$2"; env', 'a b', '', 'ü\n$x'], {
      env: ['PATH=/bin', 'X=1=2', 'EMPTY='],
    })
    const lines = stdout.split('\n')
    expect(lines.slice(0, 2)).toEqual(['a b||ü', '$x'])
    expect(lines.slice(2).sort()).toEqual(['', 'EMPTY=', 'PATH=/bin', 'PWD=/', 'SHLVL=1', 'X=1=2'].sort())
  })

  it('gets an argv[0] of its own', async () => {
    // busybox is what its argv[0] says.
    expect((await contained(around(), ['/bin/busybox', 'hello'], { argv0: 'echo' })).stdout).toBe('hello\n')
  })

  it('is found by bytes that are no UTF-8, and gets them', async () => {
    const name = Buffer.from('pr\xffg', 'latin1')
    const file = Buffer.concat([Buffer.from(`${directory}/bin/`), name])
    writeFileSync(file, '#!/bin/sh\nprintf "%s" "$0$1$V"\n', { mode: 0o755 })
    const container = await start(around(), [name, new Uint8Array([0xfe])], {
      env: ['PATH=/bin', Buffer.concat([Buffer.from('V='), Buffer.from([0xfd])])],
    })
    const printed = await buffer(container.stdout as Readable)
    expect(printed).toEqual(Buffer.concat([Buffer.from('/bin/'), name, Buffer.from([0xfe, 0xfd])]))
    await container.exited
  })

  it('has fds 0, 1 and 2 and no other (CVE-2024-21626)', async () => {
    const leak: Step = {
      name: 'leak',
      why: 'fds of the host without close-on-exec, at several numbers',
      'host.open': [3, 50, 1000].flatMap((fd) => [
        call('openat', [AT_FDCWD, '/', O_PATH | O_DIRECTORY], { save: `fd ${fd}` }),
        call('fcntl', [ref(`fd ${fd}`), 0, fd]),
      ]),
    }
    // The shell's own list: ls would open one more to read it.
    const { stdout } = await contained(around(leak), ['sh', '-c', 'echo /proc/self/fd/*; echo /proc/1/fd/*'])
    const [own] = stdout.split('\n')
    // The glob's own directory is open while it reads.
    expect(own?.split(' ').filter((name) => !name.endsWith('/3'))).toEqual([
      '/proc/self/fd/0',
      '/proc/self/fd/1',
      '/proc/self/fd/2',
    ])
    expect(stdout).not.toMatch(/fd\/(50|1000)/)
  })

  it('runs with no room for another fd', async () => {
    const few = rlimits([{ name: 'RLIMIT_NOFILE', soft: 3, hard: 3 }])
    expect((await contained(around(few), ['sh', '-c', 'ulimit -n'])).stdout).toBe('3\n')
  })

  it('can’t be a path through an fd of the set-up', async () => {
    const leak: Step = {
      name: 'leak',
      why: 'the host’s root',
      'host.open': [call('openat', [AT_FDCWD, '/', O_PATH | O_DIRECTORY | O_CLOEXEC], { save: '$host' })],
      'init.mount': [call('fcntl', [ref('$host'), 0, 40])],
    }
    for (const fd of [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 40]) {
      const run = contained(around(leak), [`/proc/self/fd/${fd}/bin/true`])
      await expect(run).rejects.toMatchObject({
        step: 'exec',
        code: expect.stringMatching(/^(ENOENT|ENOTDIR|EACCES)$/),
      })
    }
  })

  it('can’t be a path through any fd that was open just before, however many were', async () => {
    const fds = Array.from({ length: 12 }, (_, i) => 3 + i)
    const leak: Step = {
      name: 'leak',
      why: 'every number is the host’s root',
      'init.mount': [
        // Lowest number first: none stays free.
        ...fds.map((fd) => call('openat', [AT_FDCWD, '/', O_PATH | O_DIRECTORY | O_CLOEXEC], { save: `fd ${fd}` })),
      ],
    }
    for (const kept of [[], [0], [0, 1]]) {
      // What it is given on purpose is no directory: nothing is reached through that either.
      for (const fd of fds) {
        const started = contained(around(leak), [`/proc/self/fd/${fd}/bin/true`], { fds: kept })
        await expect(started, `fd ${fd} of ${kept.length} given`).rejects.toMatchObject({
          step: 'exec',
          code: expect.stringMatching(/^(ENOENT|ENOTDIR)$/),
        })
      }
    }
  })

  it('gets the fds that are meant for it as 3, 4, …, or does not start where there is no room', async () => {
    const files = ['/proc/version', '/proc/filesystems'] as const
    const open: Step = {
      name: 'open',
      why: 'two files of the host',
      'host.open': files.map((file) => call('openat', [AT_FDCWD, file, O_CLOEXEC], { save: `$${file}` })),
    }
    const script = 'cat <&3; cat <&4; test -e /proc/$$/fd/5 || echo no more'
    const fds = [ref(`$${files[1]}`), ref(`$${files[0]}`)]
    const content = `${readFileSync(files[1], 'utf8')}${readFileSync(files[0], 'utf8')}no more\n`
    expect((await contained(around(open), ['sh', '-c', script], { fds })).stdout).toBe(content)
    for (let most = 6; most < 16; most++) {
      const few = rlimits([{ name: 'RLIMIT_NOFILE', soft: most, hard: most }])
      const started = contained(around(open, few), ['sh', '-c', script], { fds })
      const got = await started.catch((error) => error)
      expect(got).toMatchObject(
        got instanceof Error ? { code: expect.stringMatching(/^E(MFILE|INVAL)$/) } : { stdout: content },
      )
    }
  })

  it('starts with no signal blocked or ignored', async () => {
    // Vitest's processes ignore SIGPIPE, and the supervisor blocks all signals.
    const { stdout } = await contained(around(), ['cat', '/proc/self/status'])
    expect(stdout).toMatch(/^SigBlk:\s0{16}\nSigIgn:\s0{16}\nSigCgt:\s0{16}$/m)
  })

  it.each([
    ['as root', []],
    ['as another user, whose change of ids clears it', [user({ uid: 1000, gid: 1000, groups: [] }), noNewPrivileges()]],
  ])('is killed when its supervisor is: %s', async (_, steps) => {
    const container = await start(
      around(...steps),
      ['sh', '-c', 'echo ready; read line'],
      {},
      { stdio: ['pipe', 'pipe', 'pipe'] },
    )
    await new Promise((resolve) => container.stdout?.once('data', resolve))
    process.kill(container.supervisor, 'SIGKILL')
    await expect(container.exited).rejects.toMatchObject({ code: 'RT_BROKEN_PROCESS' })
    expect(isRunning(container.pid)).toBe(false)
  })

  it('does not start where the supervisor was killed while the change of ids had cleared the signal', async () => {
    const paused = pause()
    const before = new Set(children(process.pid))
    const steps = around(user({ uid: 1000, gid: 1000, groups: [] }), paused.step)
    const stdio = [paused.stdin, paused.stdout, 'inherit'] as const
    const started = start(steps, ['touch', '/tmp/started'], {}, { stdio })
    started.catch(() => undefined)
    await paused.reached()
    const supervisor = children(process.pid).find((pid) => !before.has(pid)) as number
    const [init] = children(supervisor)
    const dead = pidfdOpen(supervisor)
    process.kill(supervisor, 'SIGKILL')
    // The signal that init has asked for would be sent before this: see forget_original_parent() of kernel/exit.c.
    const watched = new Int32Array([dead, POLLIN])
    expect(syscall('ppoll', new Uint8Array(watched.buffer), 1, null, null, 0)).toBe(1)
    expect(isRunning(init as number)).toBe(true)
    paused.go()
    // Node tells of the killed supervisor, or of what init found: whichever it learns first.
    await expect(started).rejects.toThrow(/supervisor (was killed|is gone)/)
    expect(isRunning(init as number)).toBe(false)
    expect(existsSync(join(directory, 'tmp/started'))).toBe(false)
    closeSync(dead)
    paused.close()
  })

  it('the set-up process is not node, and can’t be written (CVE-2019-5736)', async () => {
    // The exploit's way in: an entry that is interpreted by whatever executed it. It finds the sealed memfd, which has
    // nothing to do here and ends.
    write('entry', '#!/proc/self/exe\n')
    expect(await contained(around(), ['/entry'])).toMatchObject({ stdout: '', stderr: '' })
    const container = await start(around(), ['sh', '-c', 'read line'], {}, { stdio: ['pipe', 'pipe', 'pipe'] })
    const exe = readFileSync(`/proc/${container.supervisor}/exe`)
    expect(exe.equals(container.program.elf)).toBe(true)
    expect(() => openSync(`/proc/${container.supervisor}/exe`, 'r+')).toThrowError(
      expect.objectContaining({ code: 'ETXTBSY' }),
    )
    container.stdin?.end()
    await outcome(container)
  })
})

/** Not a zombie that somebody has yet to reap. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

const children = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  )

describe('what can’t be executed', () => {
  let directory: string
  const around = () => [namespaces(), root(tree(directory), proc())]
  beforeEach((context) => {
    needs(context, 'root', 'busybox')
    directory = busyboxRoot()
    mkdirSync(join(directory, 'first'))
  })
  const plant = (name: string, text: string, mode: number) =>
    writeFileSync(join(directory, 'first', name), text, { mode })
  const env = { env: ['PATH=/nowhere:/bin/sh/not-a-directory:/first:/bin'] }

  it('nothing of that name: ENOENT, for the last candidate', async () => {
    await expect(contained(around(), ['no-such'], env)).rejects.toMatchObject({
      step: 'exec',
      syscall: 'execve',
      code: 'ENOENT',
      path: '/bin/no-such',
    })
  })

  it('one that may not be executed is passed by for one that may', async () => {
    plant('true', '', 0o644)
    expect((await contained(around(), ['true'], env)).exit).toEqual({ code: 0 })
  })

  it('one that may not be executed and no other: EACCES, for that one', async () => {
    plant('tool', '', 0o644)
    await expect(contained(around(), ['tool'], env)).rejects.toMatchObject({ code: 'EACCES', path: '/first/tool' })
  })

  it('a directory: EACCES', async () => {
    mkdirSync(join(directory, 'first/tool'))
    await expect(contained(around(), ['tool'], env)).rejects.toMatchObject({ code: 'EACCES', path: '/first/tool' })
    await expect(contained(around(), ['/first'], env)).rejects.toMatchObject({ code: 'EACCES', path: '/first' })
  })

  it('no format that the kernel knows: ENOEXEC, and the search is over', async () => {
    plant('true', 'exit 0\n', 0o755)
    await expect(contained(around(), ['true'], env)).rejects.toMatchObject({ code: 'ENOEXEC', path: '/first/true' })
  })

  it('a missing interpreter: ENOENT', async () => {
    plant('tool', '#!/no/such/interpreter\n', 0o755)
    await expect(contained(around(), ['/first/tool'], env)).rejects.toMatchObject({
      code: 'ENOENT',
      path: '/first/tool',
    })
  })

  it('a circle of symlinks: ELOOP', async () => {
    symlinkSync('tool', join(directory, 'first/tool'))
    await expect(contained(around(), ['tool'], env)).rejects.toMatchObject({ code: 'ELOOP' })
  })

  it('an empty name: ENOENT', async () => {
    await expect(contained(around(), [''], env)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('2 MB of environment: E2BIG, with the sizes and the remedy', async () => {
    const large = Array.from({ length: 20 }, (_, i) => `V${i}=${'x'.repeat(110_000)}`)
    await expect(contained(around(), ['true'], { env: ['PATH=/bin', ...large] })).rejects.toMatchObject({
      code: 'E2BIG',
      hint: expect.stringMatching(/environment \(22\d{5} bytes\).*--ulimit stack/),
    })
    rmSync(join(directory, 'first'), { recursive: true })
  })
})
