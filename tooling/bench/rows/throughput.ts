import { crun } from '../candidates/peers.js'
import { runToEnd } from '../candidates/rt.js'
import { benchPlan, inCgroup } from '../plan.js'
import { type Candidate, type Row, ratio } from '../row.js'

/** Twice this machine's processors is enough that none waits; more only queue in the kernel. */
const atOnce = 4
/** Containers in one measurement. */
const batch = 48

/** `starters` take containers from one batch until it is empty. Milliseconds per container. */
async function perContainer(starters: readonly (() => Promise<unknown>)[]): Promise<number> {
  let left = batch
  const start = performance.now()
  await Promise.all(
    starters.map(async (begin) => {
      while (left-- > 0) await begin()
    }),
  )
  return (performance.now() - start) / batch
}

type Cgroup = 'with cgroup' | 'without cgroup'

/** From one Node process. */
const rtAtOnce = (cgroup: Cgroup) => (): Candidate => {
  const starters = Array.from({ length: atOnce }, (_, i) => {
    const plan = benchPlan(cgroup === 'with cgroup' && inCgroup(`at-once-${i}`))
    return () => runToEnd(plan)
  })
  return { name: `rt ${cgroup}`, once: () => perContainer(starters) }
}

/** From as many spawners as there are containers at once. */
const crunAtOnce = (cgroup: Cgroup) => (): Candidate => {
  const spawners = Array.from({ length: atOnce }, () => crun(cgroup))
  return {
    name: `crun ${cgroup}`,
    once: () => perContainer(spawners.map((spawner) => () => spawner.once())),
    async close() {
      await Promise.all(spawners.map((spawner) => spawner.close?.()))
    },
  }
}

export const row: Row = {
  name: 'throughput',
  what: `time per container, ${atOnce} at once, all processors busy`,
  unit: 'ms',
  candidates: (['without cgroup', 'with cgroup'] as const).flatMap((cgroup) => [rtAtOnce(cgroup), crunAtOnce(cgroup)]),
  // Three times the containers per second is a third of the time for each.
  budgets: (['without cgroup', 'with cgroup'] as const).map((cgroup) => ratio(`rt ${cgroup}`, `crun ${cgroup}`, 1 / 3)),
  rounds: 8,
}
