import { readFileSync } from 'node:fs'
import { run } from '@rt/program'
import { benchPlan } from '../plan.js'
import type { Row } from '../row.js'

/** Proportional set size in KiB: what a process has for itself, plus its share of what it shares. */
function proportionalSetSize(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kib = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1]
  if (kib === undefined) throw new Error(`no Pss line in /proc/${pid}/smaps_rollup`)
  return Number(kib)
}

export const row: Row = {
  name: 'memory',
  what: 'what stays beside a running detached container: the supervisor',
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
  ],
  budgets: [{ what: 'supervisor', value: (median) => median('supervisor'), atMost: 200, unit: 'KiB' }],
  rounds: 5,
}
