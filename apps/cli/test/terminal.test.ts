// requires root, tmux, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ReadStream } from 'node:tty'
import { F_SETFL, O_NONBLOCK, O_RDWR, openPseudoTerminal, syscall } from '@rt/sys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { CLI } from './rt.js'
import { Screen } from './screen.js'

/** A terminal whose other side is this test. */
class Typist {
  private readonly pair = openPseudoTerminal()
  readonly child: ChildProcess
  private output = Buffer.alloc(0)
  private readonly reader: ReadStream

  constructor(...args: string[]) {
    const { controller, peer } = this.pair
    this.child = spawn('setsid', ['--ctty', process.execPath, '--', CLI, ...args], {
      stdio: [peer, peer, peer],
      env: { PATH: process.env.PATH },
    })
    closeSync(peer)
    // A stream of Node's would wait for whoever does not read.
    syscall('fcntl', controller, F_SETFL, O_RDWR | O_NONBLOCK)
    this.reader = new ReadStream(controller)
    this.reader.on('data', (bytes: Buffer) => {
      this.output = Buffer.concat([this.output, bytes])
    })
    // The kernel's way to say that nobody has the other side open any more.
    this.reader.on('error', () => undefined)
  }

  text(): string {
    return this.output.toString('latin1')
  }

  async shows(pattern: RegExp): Promise<void> {
    await expect.poll(() => this.text(), { timeout: 15_000, interval: 20 }).toMatch(pattern)
  }

  /** As much as the terminal takes just now. @returns how much that is */
  type(keys: string): number {
    try {
      return writeSync(this.pair.controller, keys)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      return 0
    }
  }

  hangUp(): void {
    this.reader.destroy()
  }

  /** All output, and how rt ended. */
  async end(): Promise<{ text: string; code: number | null; signal: string | null }> {
    const [code, signal] = (await once(this.child, 'exit')) as [number | null, string | null]
    if (!this.reader.closed) await once(this.reader, 'close')
    return { text: this.text(), code, signal }
  }
}

describe('the relay', () => {
  beforeEach((context) => needs(context, 'root', 'busybox'))

  it('passes on everything that is printed, to the last line', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `${i + 1}\r\n`).join('')
    for (let i = 0; i < 5; i++) {
      const { text, code } = await new Typist('run', busyboxRoot(), 'seq', '1', '20000').end()
      expect(text === lines, `${text.length} of ${lines.length} bytes`).toBe(true)
      expect(code).toBe(0)
    }
  })

  it('goes on where the program does not read what is typed', async () => {
    const script = 'echo up; while :; do echo alive; sleep 0.1; done'
    const typist = new Typist('run', busyboxRoot(), 'sh', '-c', script)
    await typist.shows(/up/)
    const paste = `${'x'.repeat(75)}\n`.repeat(2700)
    let typed = 0
    for (let i = 0; i < 100 && typed < paste.length; i++) {
      typed += typist.type(paste.slice(typed))
      await sleep(10)
    }
    // It has filled all there is between the two, or is through.
    expect(typed).toBeGreaterThan(4096)
    const before = typist.text().length
    await expect.poll(() => typist.text().length, { timeout: 10_000 }).toBeGreaterThan(before + 30)
    typist.child.kill('SIGKILL')
    typist.hangUp()
  })

  it('tells the program that the terminal was closed, and ends with it', async () => {
    const typist = new Typist(
      'run',
      busyboxRoot(),
      'sh',
      '-c',
      'trap "exit 7" HUP; echo up; while :; do sleep 0.1; done',
    )
    await typist.shows(/up/)
    typist.hangUp()
    expect(await once(typist.child, 'exit')).toEqual([7, null])
  })
})

describe('Ctrl-C at a process 1', () => {
  beforeEach((context) => needs(context, 'root', 'busybox'))
  /** One after the other, each until the terminal has echoed it. */
  const interrupt = async (typist: Typist, times: number) => {
    for (let i = 0; i < times; i++) {
      const before = typist.text().length
      typist.type('\x03')
      await expect.poll(() => typist.text().length).toBeGreaterThan(before)
    }
  }

  it('that ignores it, three times: rt says what to do', async () => {
    const typist = new Typist('run', busyboxRoot(), 'sh', '-c', 'echo up; exec sleep 600')
    await typist.shows(/up/)
    await interrupt(typist, 2)
    expect(typist.text()).not.toMatch(/still running/)
    await interrupt(typist, 1)
    await typist.shows(/rt: still running: process 1 of a container ignores Ctrl-C.*--init.*kill -KILL/)
    typist.child.kill('SIGKILL')
    typist.hangUp()
  })

  it('that answers it, however often: rt is silent', async () => {
    const typist = new Typist(
      'run',
      busyboxRoot(),
      'sh',
      '-c',
      'trap "echo interrupted" INT; echo up; while :; do sleep 0.02; done',
    )
    await typist.shows(/up/)
    await interrupt(typist, 5)
    await typist.shows(/interrupted/)
    expect(typist.text()).not.toMatch(/still running/)
    typist.child.kill('SIGKILL')
    typist.hangUp()
  })
})

describe('on a terminal', () => {
  let screen: Screen
  let rt: string
  beforeEach((context) => {
    needs(context, 'root', 'tmux', 'busybox')
    screen = new Screen()
    rt = `${process.execPath} -- ${CLI}`
  })
  afterEach(() => screen?.close())

  it('rt run without -i and -t is a shell of its own, sized and resized with the terminal', async () => {
    screen.type(`${rt} run ${busyboxRoot()}; echo code=$?; stty -a | grep -o " icanon"`)
    await screen.shows(/# $/m)
    screen.type('tty; stty size')
    await screen.shows(/\/dev\/pts\/0\n30 100\n/)
    screen.resize(120, 40)
    screen.type('stty size')
    await screen.shows(/\n40 120\n/)
    screen.type('exit 3')
    // Raw mode is over.
    await screen.shows(/code=3\n icanon\n/)
  })

  it('Ctrl-C is the program’s', async () => {
    screen.type(`${rt} run ${busyboxRoot()}`)
    await screen.shows(/# $/m)
    screen.type('sleep 100')
    await screen.shows(/sleep 100\n/)
    screen.press('C-c')
    screen.type('echo after=$?; exit')
    await screen.shows(/after=130\n/)
    await screen.shows(/host:$/m)
  })

  it('-it=false: the command has no terminal, Ctrl-C is a signal to rt', async () => {
    screen.type(
      `${rt} run -t=false ${busyboxRoot()} sh -c 'tty; trap "echo trapped; exit 5" INT; while :; do sleep 0.1; done'; echo code=$?`,
    )
    await screen.shows(/not a tty/)
    screen.press('C-c')
    await screen.shows(/trapped\ncode=5\n/)
  })

  it('-i alone: the host’s terminal can be read, and not typed into', async () => {
    screen.type(`${rt} run -i ${busyboxRoot()} sh -c 'read line; echo got=$line; echo > /dev/tty'; echo code=$?`)
    await new Promise((resolve) => setTimeout(resolve, 500))
    screen.type('a line')
    await screen.shows(/got=a line\n.*\/dev\/tty: No such device or address\ncode=1\n/s)
  })

  it('is restored when rt is killed by a signal that it can see', async () => {
    screen.type(`${rt} run ${busyboxRoot()} sh -c 'echo up; sleep 100' & sleep 2; echo in front; fg`)
    // Started in the background it has no terminal to itself; brought back it runs on.
    await screen.shows(/up/)
    await screen.shows(/^in front\n.*run/m)
    screen.press('C-c')
    screen.press('C-c')
    screen.press('C-c')
    await screen.shows(/host:$/m)
    screen.type('stty -a | grep -o " icanon"')
    await screen.shows(/\n icanon\n/)
  })

  it('is restored by the heir when rt is killed by SIGKILL', async () => {
    screen.type(
      `sh -c 'echo pid $$; exec ${process.execPath} ${CLI} run ${busyboxRoot()} sh -c "echo up; exec sleep 600"'`,
    )
    await screen.shows(/^up$/m)
    process.kill(Number(/^pid (\d+)$/m.exec(screen.text())?.[1]), 'SIGKILL')
    await screen.shows(/Killed/)
    // In a raw terminal it would not be shown while it is typed, nor would Enter end the line.
    screen.type('echo ali""ve')
    await screen.shows(/host:echo ali""ve\nalive\n/)
  })

  it('the lab drops into a shell of the experiment', async () => {
    screen.type(`LC_ALL=zh_CN.UTF-8 ${rt} lab 2; echo code=$?`)
    await screen.shows(/现在轮到你了/)
    await screen.shows(/容器 - 已进入容器内部！\n.*[$#] $/ms)
    screen.type('mount -l | grep "on /tmp "; exit')
    await screen.shows(/none on \/tmp type tmpfs \(rw,relatime.*父进程 - 容器已停止！\n.*code=0\n/s)
  })
})
