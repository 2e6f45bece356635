import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { run } from '@rt/program'
import { benchPlan } from '../plan.js'
import { benchRoot } from '../root.js'
import { type Row, Unavailable } from '../row.js'

/** Proportional set size in KiB: what a process has for itself, plus its share of what it shares. */
function proportionalSetSize(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kib = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1]
  if (kib === undefined) throw new Error(`no Pss line in /proc/${pid}/smaps_rollup`)
  return Number(kib)
}

const built = fileURLToPath(new URL('../../../apps/cli/dist/rt.js', import.meta.url))

/** What `rt run` has become: the supervisor, whose heir has the same memory. */
async function foreground(): Promise<number> {
  const child = spawn(process.execPath, [built, 'run', benchRoot(), '/bin/sh', '-c', 'echo up; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  await once(child.stdout, 'data')
  try {
    return proportionalSetSize(child.pid as number)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

export const row: Row = {
  name: 'memory',
  what: 'what stays beside a running container: the supervisor of a detached one, and all that is left of `rt run`',
  unit: 'KiB',
  candidates: [
    () => ({
      name: 'supervisor',
      async once() {
        const container = await run(benchPlan(undefined, ['/bin/sleep', '60']), { stdio: 'null', detached: true })
        // A detached container doesn't keep Node alive.
        const alive = setInterval(() => undefined, 1000)
        try {
          return proportionalSetSize(container.supervisor)
        } finally {
          container.kill()
          await container.exited
          clearInterval(alive)
        }
      },
    }),
    () => {
      if (!existsSync(built)) throw new Unavailable('the CLI is not built: npm run build')
      return { name: 'rt run', once: foreground }
    },
  ],
  budgets: ['supervisor', 'rt run'].map((what) => ({
    what,
    value: (median) => median(what),
    atMost: 200,
    unit: 'KiB',
  })),
  rounds: 5,
}
