import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { compiled } from './gcc.js'
import type { Candidate } from './row.js'

export interface SpawnerOptions {
  /** A command line that ends with `exec "$@"`-like behaviour, put before the spawner: `unshare -m …`. */
  readonly under?: readonly string[]
  readonly cwd?: string
}

/**
 * A candidate that is a command: started and awaited by spawner.c, which takes the time, so that neither Node's own
 * child_process nor a shell is measured with it.
 */
export function commandCandidate(name: string, command: readonly string[], options: SpawnerOptions = {}): Candidate {
  const [file, ...rest] = [...(options.under ?? []), compiled('spawner'), ...command] as [string, ...string[]]
  const child = spawn(file, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment(),
    ...(options.cwd ? { cwd: options.cwd } : {}),
  })
  const complaints: Buffer[] = []
  child.stderr.on('data', (bytes: Buffer) => complaints.push(bytes))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    name,
    async once() {
      child.stdin.write('x')
      const { value, done } = await lines.next()
      if (done) throw new Error(`${name} failed: ${Buffer.concat(complaints).toString().trim()}`)
      return Number(value) / 1e6
    },
    close: () =>
      new Promise<void>((resolve) => {
        child.once('close', () => resolve())
        child.stdin.end()
      }),
  }
}

/** NODE_EXTRA_CA_CERTS makes every Node start 50 ms later: a matter of this machine, not of what is measured. */
export function environment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...rest } = process.env
  return rest
}
