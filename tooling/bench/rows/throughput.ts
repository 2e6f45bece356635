import { crun } from '../candidates/peers.js'
import { runToEnd } from '../candidates/rt.js'
import { benchPlan } from '../plan.js'
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

function rt(): Candidate {
  const plan = benchPlan()
  const starters = Array.from({ length: atOnce }, () => () => runToEnd(plan))
  return { name: 'rt, one Node process', once: () => perContainer(starters) }
}

const crunAtOnce = (cgroup: 'with cgroup' | 'without cgroup') => (): Candidate => {
  const spawners = Array.from({ length: atOnce }, () => crun(cgroup))
  return {
    name: `crun ${cgroup}, ${atOnce} spawners`,
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
  candidates: [rt, crunAtOnce('without cgroup'), crunAtOnce('with cgroup')],
  // Three times the containers per second is a third of the time for each.
  budgets: [ratio('rt, one Node process', `crun with cgroup, ${atOnce} spawners`, 1 / 3)],
  rounds: 8,
}
