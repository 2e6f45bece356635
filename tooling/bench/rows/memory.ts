import { readFileSync } from 'node:fs'
import { exec } from '@rt/chroot'
import { run, sequence } from '@rt/program'
import { benchPlan } from '../plan.js'
import type { Row } from '../row.js'

/** Proportional set size in KiB: what a process has for itself, plus its share of what it shares. */
function proportionalSetSize(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kib = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1]
  if (kib === undefined) throw new Error(`no Pss line in /proc/${pid}/smaps_rollup`)
  return Number(kib)
}

/** The benchmark's plan with another command. */
const sleeping = () =>
  sequence(
    benchPlan().steps.filter(({ name }) => name !== 'exec'),
    exec(['/bin/sleep', '60'], { env: ['PATH=/bin'] }),
  )

export const row: Row = {
  name: 'memory',
  what: 'what stays beside a running detached container: the supervisor',
  unit: 'KiB',
  candidates: [
    () => ({
      name: 'supervisor',
      async once() {
        const container = await run(sleeping(), { stdio: 'null', detached: true })
        try {
          return proportionalSetSize(container.supervisor)
        } finally {
          container.kill()
          await container.exited
        }
      },
    }),
  ],
  budgets: [{ what: 'supervisor', value: (median) => median('supervisor'), atMost: 200, unit: 'KiB' }],
  rounds: 5,
}
