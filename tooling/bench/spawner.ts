import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { compiled } from './gcc.js'
import type { Candidate } from './row.js'

export interface SpawnerOptions {
  /** A command that runs the spawner, and with it all it measures: `unshare --mount …`. */
  readonly under?: readonly string[]
  /** What `once` returns: milliseconds (default), or the largest resident set in KiB. */
  readonly quantity?: 'time' | 'memory'
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
      const [nanoseconds, memory] = String(value).split(' ').map(Number) as [number, number]
      return options.quantity === 'memory' ? memory : nanoseconds / 1e6
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.stdin.end()
      await once(child, 'exit')
    },
  }
}

/** NODE_EXTRA_CA_CERTS makes every Node start 50 ms later: a matter of this machine, not of what is measured. */
export function environment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...rest } = process.env
  return rest
}
