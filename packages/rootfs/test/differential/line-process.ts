import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A program that answers each line with a line, for as long as it is asked. */
export class LineProcess {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } })
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  /** @throws Error if the program ended instead */
  async ask(line: string): Promise<string> {
    this.#child.stdin!.write(`${line}\n`)
    const { done, value } = await this.#lines.next()
    if (done) throw new Error(`${this.#child.spawnargs.join(' ')} ended, asked about ${line}`)
    return value
  }

  async close(): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.stdin!.end()
    await closed
  }
}
