// requires root: capabilities and other users' processes
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AT_FDCWD,
  CAPABILITIES,
  capget,
  close,
  F_SETFD,
  getChildSubreaper,
  getDumpable,
  getNoNewPrivs,
  getParentDeathSignal,
  getResourceLimit,
  getSecurebits,
  hasBoundingCapability,
  kill,
  O_CREAT,
  O_WRONLY,
  openat,
  P_PID,
  P_PIDFD,
  pidfdGetfd,
  pidfdOpen,
  pidfdSendSignal,
  posixSpawn,
  RLIM_INFINITY,
  RLIMITS,
  type RlimitName,
  SIGNALS,
  SyscallError,
  setChildSubreaper,
  setDumpable,
  setKeepCapabilities,
  setParentDeathSignal,
  setResourceLimit,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WSTOPPED,
  WUNTRACED,
  waitid,
  waitpid,
} from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { needsRoot } from './root-only.js'

const shell = (script: string, dup2: [number, number][] = []) =>
  posixSpawn({ file: '/bin/sh', argv: ['sh', '-c', script], env: ['PATH=/usr/bin:/bin'], dup2 })
const statusLine = (name: string) =>
  new RegExp(`^${name}:\\t(.*)$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]

describe('execve', () => {
  it('is another program from then on, and an error where it can’t be', () => {
    const source = new URL('../src/index.ts', import.meta.url).href
    const script = `const { execve, syscall } = await import(${JSON.stringify(source)})
      try { execve('/rt-nowhere', ['x'], []) } catch ({ code, call }) { console.log(code, call) }
      syscall('fcntl', 1, ${F_SETFD}, 0)
      execve('/bin/sh', ['sh', '-c', 'echo "$$ $A"'], ['A=b'])`
    const { stdout, pid } = spawnSync('node', ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    expect(stdout).toBe(
      `ENOENT execve("/rt-nowhere", ["x"], [/* 0 vars */]) = -1 ENOENT (No such file or directory)\n${pid} b\n`,
    )
  })
})

describe('posixSpawn', () => {
  it('starts a program with arguments, environment and fds, all signals blocked and at their defaults', () => {
    const file = `/tmp/rt-spawn-${process.pid}`
    try {
      const out = openat(AT_FDCWD, file, O_CREAT | O_WRONLY, 0o600)
      // Built-ins alone: to start a program, sh unblocks signals.
      const script = `echo "$0 $1 $A"
        while read -r line; do case $line in SigBlk*|SigIgn*) echo "$line";; esac; done < /proc/$$/status
        cd /proc/$$/fd && echo *`
      const pid = posixSpawn({
        file: '/bin/sh',
        argv: ['sh', '-c', script, 'zero', 'one'],
        env: ['A=b', 'PATH=/usr/bin:/bin'],
        dup2: [
          [out, 1],
          [out, 9],
        ],
      })
      close(out)
      expect(waitpid(pid)).toEqual({ pid, exit: { code: 0 } })
      const [words, blocked, ignored, fds] = readFileSync(file, 'utf8').split('\n')
      expect(words).toBe('zero one b')
      // SIGKILL and SIGSTOP can't be blocked, libc keeps 32 and 33.
      expect(blocked).toBe('SigBlk:\tfffffffe7ffbfeff')
      expect(ignored).toBe('SigIgn:\t0000000000000000')
      expect(fds?.split(' ')).toEqual(expect.arrayContaining(['0', '1', '9']))
      expect(fds?.split(' ')).not.toContain(String(out))
    } finally {
      rmSync(file, { force: true })
    }
  })

  it('names the file that cannot be executed', () => {
    const thrown = (() => {
      try {
        return posixSpawn({ file: '/rt-nowhere', argv: ['x'], env: [], dup2: [] })
      } catch (error) {
        return error
      }
    })()
    expect(SyscallError.isInstance(thrown)).toBe(true)
    expect(thrown).toMatchObject({
      code: 'ENOENT',
      path: '/rt-nowhere',
      call: 'execve("/rt-nowhere", ["x"], [/* 0 vars */]) = -1 ENOENT (No such file or directory)',
    })
  })

  it('refuses what it cannot pass on', () => {
    const spawn = (argument: string, fd: number) =>
      posixSpawn({ file: '/bin/true', argv: ['true', argument], env: [], dup2: [[fd, 1]] })
    expect(() => spawn('a\0b', 1)).toThrow('expected text without a NUL byte')
    expect(() => spawn('a', -1)).toThrow('EBADF')
    expect(() => spawn('a', 999_999)).toThrow('EBADF')
  })
})

describe('waitpid and waitid', () => {
  it('tell exit codes and signals', () => {
    const exits = (script: string) => waitpid(shell(script))?.exit
    expect(exits('exit 0')).toEqual({ code: 0 })
    expect(exits('exit 255')).toEqual({ code: 255 })
    expect(exits('kill -9 $$')).toEqual({ signal: 9, dumped: false })
    expect(() => waitpid(0x7fffffff)).toThrow('ECHILD')
  })

  it('do not wait if told so, and leave a child if told so', () => {
    const pid = shell('sleep 60')
    expect(waitpid(pid, WNOHANG)).toBeUndefined()
    expect(waitid(P_PID, pid, WEXITED | WNOHANG)).toBeUndefined()
    const pidfd = pidfdOpen(pid)
    pidfdSendSignal(pidfd, SIGNALS.SIGKILL)
    const killed = { pid, exit: { signal: 9, dumped: false } }
    expect(waitid(P_PIDFD, pidfd, WEXITED | WNOWAIT)).toEqual(killed)
    expect(waitid(P_PIDFD, pidfd)).toEqual(killed)
    expect(() => waitid(P_PIDFD, pidfd)).toThrow('ECHILD')
    expect(() => pidfdSendSignal(pidfd, 0)).toThrow('ESRCH')
    close(pidfd)
    expect(() => pidfdOpen(pid)).toThrow('ESRCH')
  })

  it('tell whether a child dumped core', (context) => {
    if (getResourceLimit('RLIMIT_CORE').hard === 0n) context.skip('needs a hard limit on core files that is not 0')
    const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim()
    if (/^\||^$/.test(pattern)) context.skip('needs core files: kernel.core_pattern hands cores to a program')
    const folder = mkdtempSync(join(tmpdir(), 'rt-core-'))
    // All signals are blocked: only what the processor raises, here at the end of the stack, comes through.
    const dying = (limit: string) => shell(`cd ${folder} && ulimit -c ${limit} && ulimit -s 256 && f() { f; } && f`)
    try {
      for (const [limit, dumped] of [
        ['0', false],
        ['unlimited', true],
      ] as const) {
        const pid = dying(limit)
        const exit = { signal: SIGNALS.SIGSEGV, dumped }
        expect(waitid(P_PID, pid, WEXITED | WNOWAIT)).toEqual({ pid, exit })
        expect(waitpid(pid)).toEqual({ pid, exit })
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('tell that a child was stopped', () => {
    const pid = shell('kill -STOP $$')
    expect(waitid(P_PID, pid, WSTOPPED)).toEqual({ pid, exit: undefined })
    kill(pid, SIGNALS.SIGKILL)
    expect(waitpid(pid)).toEqual({ pid, exit: { signal: 9, dumped: false } })
    const second = shell('kill -STOP $$')
    expect(waitpid(second, WUNTRACED)).toEqual({ pid: second, exit: undefined })
    kill(second, SIGNALS.SIGKILL)
    waitpid(second)
  })
})

describe('kill', () => {
  it('sends real-time signals too, and checks', async () => {
    const child = spawn('/bin/sh', ['-c', 'exec sleep 60'], { stdio: 'ignore' })
    const pid = child.pid as number
    kill(pid, 0)
    const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve([code, signal])))
    kill(pid, 40)
    await ended
    expect(() => kill(pid, 0)).toThrow('ESRCH')
    expect(() => kill(process.pid, 1000)).toThrow('a signal, 0 to 64')
  })
})

describe('pidfdGetfd', () => {
  beforeEach(needsRoot)
  it('takes a duplicate of an fd', () => {
    const file = `/tmp/rt-getfd-${process.pid}`
    writeFileSync(file, 'text')
    const fd = openat(AT_FDCWD, file, 0)
    const pid = shell('exec sleep 60', [[fd, 7]])
    try {
      const pidfd = pidfdOpen(pid)
      const copy = pidfdGetfd(pidfd, 7)
      expect(readlinkSync(`/proc/self/fd/${copy}`)).toBe(file)
      expect(() => pidfdGetfd(pidfd, 1000)).toThrow('EBADF')
      for (const open of [fd, pidfd, copy]) close(open)
    } finally {
      kill(pid, SIGNALS.SIGKILL)
      waitpid(pid)
      rmSync(file)
    }
  })
})

describe('prctl', () => {
  it('sets and gives back what belongs to the process', () => {
    expect(getChildSubreaper()).toBe(false)
    setChildSubreaper(true)
    expect(getChildSubreaper()).toBe(true)
    setChildSubreaper(false)
    expect(getChildSubreaper()).toBe(false)
    const before = getDumpable()
    setDumpable(false)
    expect(getDumpable()).toBe(0)
    setDumpable(true)
    expect(getDumpable()).toBe(before)
  })

  it('sets and gives back what belongs to the thread', () => {
    setParentDeathSignal(SIGNALS.SIGTERM)
    expect(getParentDeathSignal()).toBe(SIGNALS.SIGTERM)
    setParentDeathSignal(0)
    expect(getParentDeathSignal()).toBe(0)
    expect(() => setParentDeathSignal(1000)).toThrow('a signal, 0 to 64')
    expect(getNoNewPrivs()).toBe(statusLine('NoNewPrivs') === '1')
    const bits = getSecurebits()
    setKeepCapabilities(true)
    expect(getSecurebits()).toBe(bits | 0x10)
    setKeepCapabilities(false)
    expect(getSecurebits()).toBe(bits)
    expect(() => hasBoundingCapability(63)).toThrow('EINVAL')
  })

  it('makes orphans children of a subreaper', () => {
    setChildSubreaper(true)
    const file = `/tmp/rt-orphan-${process.pid}`
    try {
      const pid = shell(`{ sleep 0.2; exit 7; } & echo $! > ${file}`)
      expect(waitpid(pid)?.exit).toEqual({ code: 0 })
      const orphan = Number(readFileSync(file, 'utf8'))
      expect(waitpid(orphan)).toEqual({ pid: orphan, exit: { code: 7 } })
    } finally {
      setChildSubreaper(false)
      rmSync(file, { force: true })
    }
  })
})

describe('capget', () => {
  it('agrees with /proc', () => {
    const { effective, permitted, inheritable } = capget()
    const hex = (set: bigint) => set.toString(16).padStart(16, '0')
    expect([effective, permitted, inheritable].map(hex)).toEqual(
      ['CapEff', 'CapPrm', 'CapInh'].map((name) => statusLine(name)),
    )
    const bounding = BigInt(`0x${statusLine('CapBnd')}`)
    for (const number of Object.values(CAPABILITIES)) {
      expect(hasBoundingCapability(number)).toBe(((bounding >> BigInt(number)) & 1n) === 1n)
    }
    expect(() => capget(0x7fffffff)).toThrow('ESRCH')
  })
})

describe('resource limits', () => {
  it('agree with /proc, in its order', () => {
    const lines = readFileSync('/proc/self/limits', 'utf8').trim().split('\n').slice(1)
    const order = ['CPU', 'FSIZE', 'DATA', 'STACK', 'CORE', 'RSS', 'NPROC', 'NOFILE', 'MEMLOCK', 'AS', 'LOCKS']
    order.push('SIGPENDING', 'MSGQUEUE', 'NICE', 'RTPRIO', 'RTTIME')
    expect(lines).toHaveLength(Object.keys(RLIMITS).length)
    for (const [index, line] of lines.entries()) {
      const [soft, hard] = line.slice(26).trim().split(/\s+/)
      const number = (text: string | undefined) => (text === 'unlimited' ? RLIM_INFINITY : BigInt(text ?? -1))
      const name = `RLIMIT_${order[index]}` as RlimitName
      expect(getResourceLimit(name), name).toEqual({ soft: number(soft), hard: number(hard) })
    }
  })

  it('are set, of this process and of another', () => {
    const before = getResourceLimit('RLIMIT_CORE')
    setResourceLimit('RLIMIT_CORE', { soft: 0n, hard: before.hard })
    expect(getResourceLimit('RLIMIT_CORE')).toEqual({ soft: 0n, hard: before.hard })
    setResourceLimit('RLIMIT_CORE', before)
    const pid = shell('exec sleep 60')
    setResourceLimit('RLIMIT_NOFILE', { soft: 99n, hard: 100n }, pid)
    expect(getResourceLimit('RLIMIT_NOFILE', pid)).toEqual({ soft: 99n, hard: 100n })
    kill(pid, SIGNALS.SIGKILL)
    waitpid(pid)
    expect(() => setResourceLimit('RLIMIT_CORE', { soft: 2n, hard: 1n })).toThrow('EINVAL')
  })
})
