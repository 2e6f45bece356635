// requires root, tmux, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'vitest'
import { busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { CLI } from './rt.js'

/** A terminal of its own, which a person would sit at. */
class Screen {
  private readonly socket = join(temporaryFolder('tmux'), 'socket')

  constructor() {
    this.tmux('new-session', '-d', '-x', '100', '-y', '30', 'env -u NODE_EXTRA_CA_CERTS PS1="host:" sh')
  }

  private tmux(...args: string[]): string {
    return execFileSync('tmux', ['-S', this.socket, '-f', '/dev/null', ...args], { encoding: 'utf8' })
  }

  /** Keys as text; then Enter. */
  type(line: string): void {
    this.tmux('send-keys', '-l', line)
    this.tmux('send-keys', 'Enter')
  }

  press(key: string): void {
    this.tmux('send-keys', key)
  }

  resize(columns: number, rows: number): void {
    this.tmux('resize-window', '-x', String(columns), '-y', String(rows))
  }

  text(): string {
    return this.tmux('capture-pane', '-p', '-J').replace(/\n+$/, '\n')
  }

  /** Until the screen shows this. */
  async shows(pattern: RegExp): Promise<void> {
    const deadline = Date.now() + 15_000
    while (!pattern.test(this.text())) {
      if (Date.now() > deadline) throw new Error(`never saw ${pattern} on:\n${this.text()}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  close(): void {
    this.tmux('kill-server')
  }
}

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
    screen.type(`${rt} run ${busyboxRoot()} sh -c 'echo up; sleep 100' & sleep 2; fg`)
    // Started in the background it has no terminal to itself; brought back it runs on.
    await screen.shows(/up/)
    screen.press('C-c')
    screen.press('C-c')
    screen.press('C-c')
    await screen.shows(/host:$/m)
    screen.type('stty -a | grep -o " icanon"')
    await screen.shows(/\n icanon\n/)
  })

  it('the lab drops into a shell of the experiment', async () => {
    screen.type(`LC_ALL=zh_CN.UTF-8 ${rt} lab 2; echo code=$?`)
    await screen.shows(/现在轮到你了/)
    await screen.shows(/容器 - 已进入容器内部！\n.*[$#] $/ms)
    screen.type('mount -l | grep "on /tmp "; exit')
    await screen.shows(/none on \/tmp type tmpfs \(rw,relatime.*父进程 - 容器已停止！\n.*code=0\n/s)
  })
})
