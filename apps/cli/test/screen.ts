import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { temporaryFolder } from '../../../tooling/fixtures/index.js'

/** A terminal of its own, which a person would sit at. */
export class Screen {
  private readonly socket = join(temporaryFolder('tmux'), 'socket')

  constructor(columns = 100, rows = 30) {
    const size = ['-x', String(columns), '-y', String(rows)]
    this.tmux('new-session', '-d', ...size, 'env -u NODE_EXTRA_CA_CERTS PS1="host:" sh')
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

  /** What is on the screen, and what has left it at the top; row by row. */
  history(): string {
    return this.tmux('capture-pane', '-p', '-S', '-').replace(/\n+$/, '\n')
  }

  /** The path of its device. */
  device(): string {
    return this.tmux('display-message', '-p', '#{pane_tty}').trim()
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
