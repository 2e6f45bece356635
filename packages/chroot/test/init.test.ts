// requires root, busybox for the kernel's part; the plan needs nothing
import { closeSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Container } from '@rt/program'
import { CAPABILITIES, CLONE_NEWNS, POLLIN, pidfdOpen, SIGNALS, syscall } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { capabilities, DEFAULT_CAPABILITIES, type InitOptions, init, rlimits, root, user } from '../src/index.js'
import { capabilitySet } from '../src/process/capabilities/available-capabilities.js'
import { contained, outcome, start } from './contained.js'
import { explained } from './explained.js'
import { namespaces, proc, tree } from './steps.js'

describe('the plan', () => {
  it('clones; one part waits and forwards, the other goes on', () => {
    expect(explained(init())).toMatchInlineSnapshot(`
      "init:
        prctl(PR_SET_PDEATHSIG, SIGKILL)
        rt_sigprocmask(SIG_SETMASK, /* 8 bytes */, NULL, 8)
        clone(SIGCHLD, NULL, NULL, NULL, NULL) → child
      init:
        close_range(3, 4294967295, 0)
        prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)
        prctl(PR_SET_NAME, "init")
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        rt_sigtimedwait(/* 8 bytes */, &info, NULL, 8) → signal
        if signal == 17 go to reap
        if info+8 & 0xffffffff == 128 go to wait
        kill(child, signal)
        go to wait
        wait4(-1, &status, WNOHANG, NULL) → dead
        if dead == 0 go to wait
        difference = dead + child * -1
        unless difference == 0 go to reap
        unless status & 0x7f == 0 go to killed
        exit_group(status+1)
        unless status & 0x80 == 128 go to no core
        exit_group(status)
        code = 128 + status * 1
        exit_group(code)
        $failure = *(67108880) → $failure
        exit_group(125)"
    `)
  })

  it('with a terminal: its own process group, and every signal is passed on', () => {
    const shown = explained(init({ terminal: true, parentDeathSignal: 0 }))
    expect(shown).toContain('ioctl(0, TIOCSPGRP, &group)')
    expect(shown).not.toContain('info+8')
    expect(shown).not.toContain('PDEATHSIG')
  })
})

describe('a container with an init', () => {
  let directory: string
  beforeEach((context) => {
    needs(context, 'root', 'busybox')
    if (directory) return
    directory = busyboxRoot()
    // The shell's background jobs have it as their stdin.
    writeFileSync(join(directory, 'dev/null'), '')
  })
  const around = (options: InitOptions = {}, ...before: Parameters<typeof contained>[0][]) => [
    namespaces(),
    root(tree(directory), proc()),
    before,
    init(options),
  ]
  const shell = (script: string, ...before: Parameters<typeof contained>[0][]) =>
    contained(around({}, ...before), ['sh', '-c', script])
  const begin = async (script: string, steps = around()) => {
    const container = await start(steps, ['sh', '-c', script], {}, { stdio: ['pipe', 'pipe', 'inherit'] })
    await ready(container)
    return container
  }

  it('the program is process 2, init 1', async () => {
    const { stdout } = await shell(
      'echo $$ $PPID; cat /proc/1/comm; tr "\\0" " " < /proc/1/cmdline; ls /proc/1/fd 2>&1',
    )
    expect(stdout.split('\n').slice(0, 2)).toEqual(['2 1', 'init'])
  })

  it.each([0, 1, 3, 42, 127, 255])('ends with the program’s exit code %d', async (code) => {
    expect((await shell(`exit ${code}`)).exit).toEqual({ code })
  })

  it.each(['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGPIPE'] as const)(
    'ends with 128 + n after %s',
    async (name) => {
      expect((await shell(`kill -${name.slice(3)} $$; read forever < /dev/zero`)).exit).toEqual({
        code: 128 + SIGNALS[name],
      })
    },
  )

  it.each(['SIGSEGV', 'SIGABRT', 'SIGSYS'] as const)('and after %s, whether it dumped core or not', async (name) => {
    const script = `kill -${name.slice(3)} $$`
    expect((await shell(script)).exit).toEqual({ code: 128 + SIGNALS[name] })
    const core = rlimits([{ name: 'RLIMIT_CORE', soft: 'unlimited', hard: 'unlimited' }])
    expect((await shell(`cd /tmp; ${script}`, core)).exit).toEqual({ code: 128 + SIGNALS[name] })
  })

  const zombies = 'grep -l "State:.Z" /proc/[0-9]*/status'

  it('reaps orphans, many at once', async () => {
    const { stdout } = await shell(`for i in $(seq 20); do (sleep 0.1 &); done; sleep 0.5; ${zombies}; echo over`)
    expect(stdout).toBe('over\n')
  })

  it('without it they stay zombies where process 1 does not expect them: the test can tell', async () => {
    const { stdout } = await contained(
      [namespaces(), root(tree(directory), proc())],
      [
        'sh',
        '-c',
        // cat waits for nobody; it ends when the one that counts does. The others end only when process 1 is cat: a shell
        // would have waited for some.
        `mkfifo /end /go; for i in $(seq 20); do (: </go &); done
        (until [ "$(cat /proc/1/comm)" = cat ]; do :; done
        n=0; until [ $(${zombies} | wc -l) -eq 20 ] || [ $n -eq 50 ]; do : <>/go; sleep 0.1; n=$((n+1)); done
        ${zombies}; : >/end) &
        exec cat /end`,
      ],
    )
    expect(stdout.trim().split('\n')).toHaveLength(20)
  })

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT', 'SIGQUIT'] as const)(
    'passes %s on',
    async (name) => {
      const container = await begin(
        `trap 'echo got; exit 7' ${name.slice(3)}; echo ready; while :; do sleep 0.02; done`,
      )
      container.kill(name)
      expect(await outcome(container)).toMatchObject({ stdout: 'got\n', exit: { code: 7 } })
    },
  )

  it('passes a real-time signal on', async () => {
    const container = await begin('echo ready; while :; do sleep 0.02; done')
    container.kill(50)
    expect((await outcome(container)).exit).toEqual({ code: 128 + 50 })
  })

  it('a SIGTERM that the program does not handle ends it, though it would not end process 1', async () => {
    const container = await begin('echo ready; while :; do sleep 0.02; done')
    container.kill('SIGTERM')
    expect((await outcome(container)).exit).toEqual({ code: 128 + 15 })
  })

  it('SIGKILL to init ends everything', async () => {
    const container = await begin('sleep 60 & echo ready; wait')
    container.kill('SIGKILL')
    expect((await outcome(container)).exit).toEqual({ signal: 9 })
  })

  it('as another user: signals arrive, orphans are reaped, nobody inside can read init', async () => {
    const { stdout } = await shell(
      'id -u; (sleep 0.05 & exit 0); sleep 0.2; grep -l "State:.Z" /proc/[0-9]*/status; ' +
        'readlink /proc/1/exe || echo no exe; ls /proc/1/fd 2>/dev/null || echo no fds; cat /proc/1/maps 2>/dev/null || echo no maps',
      user({ uid: 1000, gid: 1000, groups: [] }),
      capabilities(DEFAULT_CAPABILITIES),
    )
    expect(stdout).toBe('1000\nno exe\nno fds\nno maps\n')
  })

  it('root inside, with Docker’s capabilities, can’t read it either', async () => {
    const { stdout } = await shell(
      'readlink /proc/1/exe || echo no exe; dd if=/proc/1/mem of=/dev/null count=1 2>/dev/null || echo no memory; ' +
        'head -c 4 /proc/1/exe 2>/dev/null || echo no image',
      capabilities(DEFAULT_CAPABILITIES),
    )
    expect(stdout).toBe('no exe\nno memory\nno image\n')
  })

  it('holds no fd but its three', async () => {
    const container = await begin('echo ready; read line')
    const status = readFileSync(`/proc/${container.pid}/status`, 'utf8')
    expect(status).toMatch(/^Name:\tinit$/m)
    expect(readdirSync(`/proc/${container.pid}/fd`)).toEqual(['0', '1', '2'])
    container.stdin?.end()
    await outcome(container)
  })

  it('has no capability more than the program, though it has executed nothing', async () => {
    const container = await begin('echo ready; read line', around({}, capabilities(['CAP_KILL'])))
    const status = readFileSync(`/proc/${container.pid}/status`, 'utf8')
    for (const field of ['CapPrm', 'CapEff', 'CapBnd'] as const) {
      expect(capabilitySet(status, field), field).toBe(1n << BigInt(CAPABILITIES.CAP_KILL))
    }
    for (const field of ['CapInh', 'CapAmb'] as const) expect(capabilitySet(status, field), field).toBe(0n)
    container.stdin?.end()
    await outcome(container)
  })

  it.each<[string, Parameters<typeof contained>[0]]>([
    ['root', null],
    [
      'another user, whose change of ids the kernel answers by forgetting who is to die with whom',
      user({ uid: 1000, gid: 1000, groups: [] }),
    ],
  ])('dies with its supervisor: %s', async (_, change) => {
    // Without a pid namespace, where its end is not the end of all.
    const steps = [namespaces(CLONE_NEWNS), root(tree(directory), proc()), change, init()]
    const container = await begin('echo ready; exec sleep 1000', steps)
    const reaper = pidfdOpen(container.pid)
    try {
      process.kill(container.supervisor, 'SIGKILL')
      // The program's and the reaper's: the end of the stream is that of both.
      await outcome(container).catch(() => undefined)
      const poll = new Int32Array([reaper, POLLIN])
      expect(syscall('ppoll', new Uint8Array(poll.buffer), 1, new Uint8Array(16), null, 0)).toBe(1)
    } finally {
      closeSync(reaper)
    }
  })

  it('where there is no pid namespace it reaps as subreaper, and its end is the program’s', async () => {
    const steps = [namespaces(CLONE_NEWNS), root(tree(directory), proc()), init()]
    const { stdout, exit } = await contained(steps, [
      'sh',
      '-c',
      '(sleep 0.1 & echo $! > /tmp/orphan; exit 0); sleep 0.3; test -e /proc/$(cat /tmp/orphan) && echo zombie; exit 5',
    ])
    expect({ stdout, exit }).toEqual({ stdout: '', exit: { code: 5 } })
  })

  it('a command that can’t be executed is still the error of the exec', async () => {
    await expect(contained(around(), ['no-such'])).rejects.toMatchObject({ step: 'exec', code: 'ENOENT' })
  })

  it('many in a row start, whichever process is faster', async () => {
    for (let i = 0; i < 40; i++) expect((await shell('exit 9')).exit).toEqual({ code: 9 })
  })
})

/** The program has printed its "ready". */
const ready = (container: Container) =>
  new Promise<void>((resolve, reject) => {
    container.stdout?.once('data', (text: Buffer) =>
      text.toString() === 'ready\n' ? resolve() : reject(new Error(`expected "ready", got ${text}`)),
    )
  })
