// requires root, busybox
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Container, call, type Step, type StepList } from '@rt/program'
import { AT_FDCWD, CLONE_NEWIPC, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS, pidfdOpen } from '@rt/sys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import {
  capabilities,
  DEFAULT_CAPABILITIES,
  hostname,
  hostRoot,
  init,
  inspectContainer,
  joinContainer,
  root,
  terminal,
  user,
  workingDirectory,
} from '../src/index.js'
import { contained, start } from './contained.js'
import { explained } from './explained.js'
import { pause } from './pause.js'
import { filesystem, namespaces, proc, tree } from './steps.js'

const NAMESPACES = ['mount', 'pid', 'ipc', 'uts'] as const

it('the plan: opens outside, enters inside', () => {
  expect(explained(joinContainer({ pid: 4711, namespaces: ['mount', 'pid', 'user'] }))).toMatchInlineSnapshot(`
    "join container:
      getpid() → self
      unless self == 4711 go to another
      fail: process 4711 is this very program: the container is gone
      pidfd_open(4711, 0) → $container
      openat(AT_FDCWD, "/proc/4711/root", O_RDONLY|O_DIRECTORY|O_CLOEXEC|O_PATH) → $root
      pidfd_send_signal($container<process 4711>, 0, NULL, 0)
    join container:
      setgroups(0, NULL)
      setns($container<process 4711>, CLONE_NEWNS|CLONE_NEWUSER|CLONE_NEWPID)
      close($container<process 4711>)
      fchdir($root</proc/4711/root>)
      chroot(".")
      getcwd(&cwd, 4096)
      if cwd & 0xffff == 47 go to cwd is inside
      fail: the working directory is not beneath the new root"
  `)
})

it.each([
  [{ pid: 0, namespaces: NAMESPACES }, 'pid: 0 is no process id'],
  [{ pid: 1.5, namespaces: NAMESPACES }, 'pid: 1.5 is no process id'],
  [{ pid: process.pid, namespaces: NAMESPACES }, `pid: ${process.pid} is the caller itself`],
  [{ pid: 2, namespaces: [] }, 'namespaces: process 2 has all namespaces of the caller: it is in no container'],
  [{ pid: 2, namespaces: ['mnt'] }, 'namespaces: no kind is named "mnt"'],
  [{ pid: 2, namespaces: NAMESPACES, pidfd: -1 }, 'pidfd: -1 is no file descriptor'],
  [
    { pid: 2, namespaces: NAMESPACES, unprivileged: true },
    'namespaces: without privilege only a container with its own user',
  ],
])('refuses %j', (options, complaint) => {
  expect(() => joinContainer(options as Parameters<typeof joinContainer>[0])).toThrowError(
    expect.objectContaining({
      complaints: [expect.toSatisfy(({ path, message }) => `${path}: ${message}`.startsWith(complaint))],
    }),
  )
})

describe('a running container', () => {
  let directory: string
  let running: Container[]
  beforeEach((context) => {
    needs(context, 'root', 'busybox')
    directory ??= busyboxRoot()
    running = []
  })
  afterEach(async () => {
    for (const container of running) {
      container.kill()
      await container.exited.catch(() => undefined)
    }
  })
  /** A container that sleeps. */
  async function sleeping(
    steps: StepList,
    argv: readonly string[] = ['sleep', '1000'],
    env: readonly string[] = ['PATH=/bin'],
  ) {
    const container = await start(steps, argv, { env }, { stdio: 'null' })
    running.push(container)
    return container
  }
  const usual = () => [
    namespaces(),
    root(tree(directory), [proc(), filesystem('tmpfs', 'tmp', { mode: '1777' })]),
    hostname('inner'),
    capabilities(DEFAULT_CAPABILITIES),
  ]
  const joined = (container: Container, argv: readonly string[], ...more: StepList[]) =>
    contained(
      [joinContainer({ pid: container.pid, namespaces: inspectContainer(container.pid).namespaces }), more],
      argv,
    )

  it('is looked at from outside', async () => {
    const container = await sleeping(usual(), ['sleep', '1000'], ['PATH=/bin', 'A=ü=1', 'EMPTY='])
    expect(inspectContainer(container.pid)).toEqual({
      pid: container.pid,
      namespaces: ['mount', 'pid', 'ipc', 'uts'],
      bounding: expect.arrayContaining([...DEFAULT_CAPABILITIES]),
      permitted: expect.arrayContaining([...DEFAULT_CAPABILITIES]),
      noNewPrivileges: false,
      seccomp: false,
      setgroupsDenied: false,
    })
    expect(inspectContainer(container.pid).bounding).toHaveLength(14)
  })

  it('gets a second program, in all of its namespaces and its root', async () => {
    const container = await sleeping(usual())
    const first = await joined(container, [
      'sh',
      '-c',
      'hostname; cat /etc/hostname; echo kept > /tmp/file; pwd; ls -d /proc/[0-9]* | head -1; cat /proc/1/comm',
    ])
    expect(first.stdout).toBe('inner\nbusybox\n/\n/proc/1\nsleep\n')
    // The tmpfs is the container's.
    const second = await joined(container, ['sh', '-c', 'pwd; cat file; exit 6'], workingDirectory('/tmp'))
    expect(second).toMatchObject({ stdout: '/tmp\nkept\n', exit: { code: 6 } })
  })

  it('gives it three fds and what it is allowed', async () => {
    const container = await sleeping(usual())
    const { stdout } = await joined(
      container,
      [
        'sh',
        '-c',
        'for f in 0 1 2 3 4 5 6 7 8 9; do test -e /proc/$$/fd/$f && echo $f; done; grep -E "^(Uid|CapBnd|CapPrm|CapInh)" /proc/self/status',
      ],
      user({ uid: 1000, gid: 1000, groups: [] }),
      capabilities(inspectContainer(container.pid).bounding),
    )
    expect(stdout.replaceAll('\t', ' ')).toBe(
      '0\n1\n2\nUid: 1000 1000 1000 1000\nCapInh: 0000000000000000\nCapPrm: 0000000000000000\nCapBnd: 00000000a80425fb\n',
    )
  })

  it('whose first process has changed its root itself is entered there', async () => {
    mkdirSync(join(directory, 'sub/bin'), { recursive: true })
    writeFileSync(join(directory, 'sub/only-here'), '')
    const chrooted: Step = {
      name: 'chroot',
      why: 'test',
      'init.pivot': [call('chdir', ['/sub']), call('chroot', ['.'])],
    }
    const bind = filesystem('tmpfs', 'sub/bin')
    const copy: Step = {
      name: 'busybox',
      why: 'a program for the smaller root',
      'init.pivot': [call('linkat', [AT_FDCWD, '/bin/busybox', AT_FDCWD, '/sub/busybox', 0], { tolerate: ['EEXIST'] })],
    }
    const steps = [namespaces(), root(tree(directory), [proc(), bind]), copy, chrooted]
    const container = await sleeping(steps, ['/busybox', 'sleep', '1000'])
    const { stdout } = await joined(container, ['/busybox', 'ls', '/'])
    expect(stdout.split('\n')).toContain('only-here')
    expect(stdout).not.toContain('etc')
  })

  it('gets a terminal for its second program', async () => {
    mkdirSync(join(directory, 'dev/pts'), { recursive: true })
    const steps = [namespaces(), root(tree(directory), [proc(), filesystem('devpts', 'dev/pts', { ptmxmode: '0666' })])]
    const container = await sleeping(steps)
    const second = await start(
      [joinContainer({ pid: container.pid, namespaces: NAMESPACES }), terminal({ console: false })],
      ['sh', '-c', 'tty'],
      {},
      { stdio: 'null' },
    )
    let printed = ''
    second.terminal?.stream.on('data', (chunk: Buffer) => {
      printed += chunk
    })
    await second.exited
    if (second.terminal && !second.terminal.stream.closed) await once(second.terminal.stream, 'close')
    expect(printed).toBe('/dev/pts/0\r\n')
  })

  it('can’t look into the process that joins it (CVE-2016-9962, CVE-2024-21626)', async () => {
    const container = await sleeping(usual())
    const paused = pause()
    const second = start(
      [joinContainer({ pid: container.pid, namespaces: NAMESPACES }), capabilities(DEFAULT_CAPABILITIES), paused.step],
      ['sh', '-c', 'exit 8'],
      {},
      { stdio: [paused.stdin, paused.stdout, 'inherit'] },
    )
    await paused.reached()
    // Root inside, with the very capabilities that the joining process has left. It sees that there is a process, not what it has open or in memory.
    const look =
      'for p in /proc/[0-9]*; do test $p = /proc/1 || test $p = /proc/$$ || { echo $p; ls $p/root/ $p/cwd/; ' +
      'for f in $p/fd/*; do readlink $f; ls $f/; done; head -c1 $p/exe; head -c1 $p/mem; head -c1 $p/environ; cat $p/maps; }; done 2>/dev/null'
    const found = await joined(container, ['sh', '-c', look], capabilities(DEFAULT_CAPABILITIES))
    expect(found.stdout).toBe('/proc/2\n')
    paused.go()
    expect(await (await second).exited).toEqual({ code: 8 })
    paused.close()
  })

  it('is named by a pidfd too', async () => {
    const container = await sleeping(usual())
    const pidfd = pidfdOpen(container.pid)
    try {
      const { stdout } = await contained(joinContainer({ pid: container.pid, pidfd, namespaces: NAMESPACES }), [
        'hostname',
      ])
      expect(stdout).toBe('inner\n')
    } finally {
      closeSync(pidfd)
    }
  })

  it('that has ended, with a pid that another has now: the pidfd tells', async () => {
    const container = await sleeping(usual())
    const pidfd = pidfdOpen(container.pid)
    container.kill()
    await container.exited
    const stranger = spawn('sleep', ['100'], { stdio: 'ignore' })
    try {
      const step = joinContainer({ pid: stranger.pid as number, pidfd, namespaces: NAMESPACES, origin: 'PID' })
      await expect(contained(step, ['true'])).rejects.toMatchObject({
        step: 'join container',
        origin: 'PID',
        syscall: 'pidfd_send_signal',
        code: 'ESRCH',
      })
    } finally {
      closeSync(pidfd)
      stranger.kill()
    }
  })

  it('that is not there: said, by the look and by the plan', async () => {
    const container = await sleeping(usual())
    container.kill()
    await container.exited
    expect(() => inspectContainer(container.pid)).toThrowError(
      expect.objectContaining({ code: 'RT_NOT_FOUND', message: `no process ${container.pid}` }),
    )
    await expect(
      contained(joinContainer({ pid: container.pid, namespaces: NAMESPACES }), ['true']),
    ).rejects.toMatchObject({
      syscall: 'pidfd_open',
      code: 'ESRCH',
      hint: `there is no process ${container.pid}`,
    })
  })

  it('a process in no container has no namespaces of its own', () => {
    expect(inspectContainer(process.ppid).namespaces).toEqual([])
  })

  /** A user namespace whose root is this id outside. */
  const userNamespace = (id: number, setgroups: 'allow' | 'deny' = 'allow'): Step => ({
    name: 'user namespace',
    why: 'test',
    clone: CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC,
    meets: [
      {
        at: 'init.enter',
        node: {
          why: 'the maps',
          act: ({ pid }) => {
            if (setgroups === 'deny') writeFileSync(`/proc/${pid}/setgroups`, setgroups)
            writeFileSync(`/proc/${pid}/uid_map`, `0 ${id} 1`)
            writeFileSync(`/proc/${pid}/gid_map`, `0 ${id} 1`)
          },
        },
      },
    ],
    'init.enter': [call('setresgid', [0, 0, 0]), call('setresuid', [0, 0, 0])],
  })
  const inUserNamespace = (id: number) => [userNamespace(id), root(tree(directory), proc()), hostname('mapped')]

  it('with a user namespace is joined by root', async () => {
    const container = await sleeping(inUserNamespace(100_000))
    expect(inspectContainer(container.pid).namespaces).toEqual(['user', 'mount', 'pid', 'ipc', 'uts'])
    const { stdout } = await joined(
      container,
      ['sh', '-c', 'id -u; hostname; cat /proc/self/uid_map | tr -s " "'],
      user({ uid: 0, gid: 0, groups: [] }),
    )
    expect(stdout).toBe('0\nmapped\n 0 100000 1\n')
  })

  it('with a user namespace is joined by its owner, who is not root', async () => {
    const becomeOwner: Step = {
      name: 'become 1000',
      why: 'a plain user’s supervisor',
      'host.prepare': [
        call('setgroups', [0, null]),
        call('setresgid', [1000, 1000, 1000]),
        call('setresuid', [1000, 1000, 1000]),
      ],
    }
    // On the host's root, since the folder of this run is not a plain user's to enter.
    const container = await sleeping(
      [becomeOwner, userNamespace(1000, 'deny'), hostRoot(), proc(), hostname('mapped')],
      ['/bin/busybox', 'sleep', '1000'],
    )
    const { namespaces: differing, setgroupsDenied } = inspectContainer(container.pid)
    expect(setgroupsDenied).toBe(true)
    const { stdout, exit } = await contained(
      [
        becomeOwner,
        joinContainer({ pid: container.pid, namespaces: differing, unprivileged: true }),
        user({ uid: 0, gid: 0, groups: [] }, { keepGroups: setgroupsDenied }),
        init(),
      ],
      ['sh', '-c', 'id -u; hostname; cat /proc/1/comm; exit 3'],
    )
    expect({ stdout, exit }).toEqual({ stdout: '0\nmapped\nbusybox\n', exit: { code: 3 } })
  })
})
