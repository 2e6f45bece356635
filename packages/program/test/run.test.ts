// requires root: containers are made
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { PR_GET_DUMPABLE } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { branch, call, fail, label, ref, run, sequence } from '../src/index.js'
import { execute, shell, step } from './plans.js'

const isRoot = process.getuid?.() === 0

describe.skipIf(!isRoot)('run (skipped without root: new namespaces)', () => {
  it('gives streams, init’s pid on the host and the exit code', async () => {
    const container = await run(shell('read line; echo "got $line, pid $$"; echo no >&2; exit 7'), { stdio: 'pipe' })
    expect(readFileSync(`/proc/${container.pid}/status`, 'utf8')).toMatch(/^NSpid:\t\d+\t1$/m)
    container.stdin?.end('hello\n')
    const [out, err] = await Promise.all([text(container.stdout!), text(container.stderr!)])
    expect([out, err]).toEqual(['got hello, pid 1\n', 'no\n'])
    expect(await container.exited).toEqual({ code: 7 })
    expect(container.kill()).toBe(false)
  })

  it('tells a signal from a code', async () => {
    const container = await run(shell('exec sleep 60'), { stdio: 'null' })
    expect(container.kill('SIGKILL')).toBe(true)
    expect(await container.exited).toEqual({ signal: 9 })
  })

  it('refuses a signal that is none', async () => {
    const container = await run(shell('exec sleep 60'), { stdio: 'null' })
    expect(() => container.kill('SIGNONE')).toThrow('no signal is named "SIGNONE"')
    container.kill()
    await container.exited
  })

  it('kills the container when the AbortSignal says so, with its reason if it had not started', async () => {
    const stop = new AbortController()
    const container = await run(shell('exec sleep 60'), { stdio: 'null', signal: stop.signal })
    stop.abort()
    expect(await container.exited).toEqual({ signal: 9 })
    await expect(run(shell('true'), { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    const early = new AbortController()
    const starting = run(shell('exec sleep 60'), { stdio: 'null', signal: early.signal })
    early.abort(new Error('too early'))
    await expect(starting).rejects.toThrow('too early')
  })

  it('runs 20 at once and keeps them apart', async () => {
    const codes = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => (await run(shell(`exit ${i}`), { stdio: 'null' })).exited),
    )
    expect(codes).toEqual(Array.from({ length: 20 }, (_, code) => ({ code })))
  })

  it('blocks neither the event loop nor the pool while a container runs', async () => {
    const container = await run(shell('exec sleep 0.3'), { stdio: 'null' })
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    await container.exited
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(10)
  })

  it('leaves no fd open in Node and gives the container only its own three', async () => {
    const before = readdirSync('/proc/self/fd').length
    const plan = sequence(
      step('namespaces', { clone: 0x20000 }),
      step('exec', { 'init.execute': execute(['/bin/ls', '-l', '/proc/self/fd']) }),
    )
    const container = await run(plan, { stdio: ['null', 'pipe', 'inherit'] })
    const seen = await text(container.stdout!)
    await container.exited
    // The fourth is ls's own, on the directory.
    expect(seen.match(/ \d+ -> /g)).toEqual([' 0 -> ', ' 1 -> ', ' 2 -> ', ' 3 -> '])
    await sleep(20)
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })

  it('leaves none open either where it can’t start', async () => {
    const before = readdirSync('/proc/self/fd').length
    const notOpen = 9999
    await expect(run(shell('true'), { stdio: ['pipe', 'pipe', notOpen] })).rejects.toMatchObject({ code: 'EBADF' })
    await sleep(20)
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })

  it('runs the set-up from a sealed memfd, not dumpable, never from node (CVE-2019-5736)', async () => {
    const waiting = step('wait', {
      meets: [
        {
          at: 'init.enter',
          node: {
            why: 'the test looks at it',
            act: ({ pid }) => {
              expect(readlinkSync(`/proc/${pid}/exe`)).toBe('/memfd:rt (deleted)')
              expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Threads:\t1$/m)
            },
          },
        },
      ],
    })
    // So it leaves no core either, and its files in /proc are root's, whoever it will be.
    const isDumpable = [
      call('prctl', [PR_GET_DUMPABLE, 0, 0, 0, 0], { save: 'dumpable' }),
      branch(ref('dumpable'), 0, { then: 'hidden' }),
      fail('dumpable'),
      label('hidden'),
    ]
    const hidden = ['outside', 'parent', 'enter', 'inside'].map((phase) => step(phase, { [phase]: isDumpable }))
    expect(await (await run(shell('exit 5', waiting, ...hidden), { stdio: 'null' })).exited).toEqual({ code: 5 })
  })

  it('ends the set-up when Node’s part fails, and says why', async () => {
    const step_ = step('ask Node', {
      meets: [{ at: 'init.enter', node: { why: 'a test', act: () => Promise.reject(new Error('no map')) } }],
    })
    await expect(run(shell('exit 0', step_), { stdio: 'null' })).rejects.toThrow('no map')
  })

  it('says that init was killed during the set-up, and where', async () => {
    const hang = step('hang', { 'init.mount': [call('ppoll', [0, 0, 0, 0, 8])] })
    const hint = step('look', {
      meets: [
        {
          at: 'init.enter',
          node: { why: 'a test', act: ({ pid }) => void setTimeout(() => process.kill(pid, 9), 30) },
        },
      ],
    })
    await expect(run(shell('exit 0', hint, hang), { stdio: 'null' })).rejects.toMatchObject({
      code: 'RT_BROKEN_PROCESS',
      step: 'hang',
    })
  })

  it('kills the container when Node dies', async () => {
    const script = `
      import { run } from '@rt/program'
      import { shell } from '${new URL('./plans.ts', import.meta.url).pathname}'
      const container = await run(shell('exec sleep 60'), { stdio: 'null' })
      console.log(container.pid)
      process.kill(process.pid, 'SIGKILL')
    `
    const root = new URL('../../..', import.meta.url).pathname
    const child = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: root,
      env: { ...process.env, TSX_TSCONFIG_PATH: `${root}/tsconfig.json` },
      timeout: 20_000,
    })
    const pid = Number(child.stdout)
    expect(pid, child.stderr).toBeGreaterThan(1)
    for (let i = 0; i < 100; i++) {
      try {
        process.kill(pid, 0)
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('ESRCH')
        return
      }
      await sleep(20)
    }
    expect.unreachable(`process ${pid} still lives`)
  })

  it('never signals a stranger that has the pid of an init that is gone', () => {
    // In a PID namespace where the test may say which pid comes next.
    const script = `
      import { spawn } from 'node:child_process'
      import { readFileSync, writeFileSync } from 'node:fs'
      import { run } from '@rt/program'
      import { shell } from '${new URL('./plans.ts', import.meta.url).pathname}'
      const children = () => readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim().split(' ').map(Number)
      const started = run(shell('exit 0'), { stdio: 'null' })
      const pid = children().at(-1) + 1
      const end = Date.now() + 300
      while (Date.now() < end);
      writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1))
      const stranger = spawn('sleep', ['60'])
      const container = await started
      const isKilled = container.kill()
      await container.exited
      await new Promise((resolve) => setTimeout(resolve, 50))
      console.log(container.pid === pid && stranger.pid === pid, isKilled, stranger.signalCode)
      stranger.kill()
    `
    const root = new URL('../../..', import.meta.url).pathname
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script]
    const child = spawnSync('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', ...node], {
      encoding: 'utf8',
      cwd: root,
      env: { ...process.env, TSX_TSCONFIG_PATH: `${root}/tsconfig.json` },
      timeout: 20_000,
    })
    expect(child.stdout, child.stderr).toBe('true false null\n')
  })

  it('refuses text with a NUL, and a word that is no stdio', async () => {
    await expect(run(sequence(step('exec', { 'init.execute': execute(['/bin/a\0b']) })))).rejects.toThrow('a NUL byte')
    await expect(run(shell('true'), { stdio: 'pype' as 'pipe' })).rejects.toThrow('expected "inherit", "pipe"')
  })
})
