import { monitorEventLoopDelay } from 'node:perf_hooks'
import { runToEnd } from '../candidates/rt.js'
import { benchPlan, inCgroup } from '../plan.js'
import type { Candidate, Row } from '../row.js'

/** Containers that are asked for in one turn of the event loop. */
const AT_ONCE = 40

/** The longest time for which Node's other work had to wait meanwhile, in milliseconds. */
async function longestBlock(plans: readonly ReturnType<typeof benchPlan>[]): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await Promise.all(plans.map(runToEnd))
  delay.disable()
  return delay.max / 1e6
}

const burst = (name: string, plans: () => readonly ReturnType<typeof benchPlan>[]) => (): Candidate => ({
  name,
  once: () => longestBlock(plans()),
})

export const row: Row = {
  name: 'burst',
  what: `${AT_ONCE} starts in one turn of the event loop: how long it stands still at most`,
  unit: 'ms',
  candidates: [
    () => {
      const plan = benchPlan()
      return burst('one plan', () => Array.from({ length: AT_ONCE }, () => plan))()
    },
    burst('a new plan with a limit each', () =>
      Array.from({ length: AT_ONCE }, (_, i) => benchPlan(inCgroup(`burst-${i}`))),
    ),
  ],
  budgets: ['one plan', 'a new plan with a limit each'].map((name) => ({
    what: name,
    value: (median) => median(name),
    atMost: 20,
    unit: 'ms',
  })),
  rounds: 10,
}
