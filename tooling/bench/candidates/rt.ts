import { run } from '@rt/program'
import { benchPlan } from '../plan.js'
import type { Candidate } from '../row.js'

/** The library in this process: from a plan as data to the container's exit status. */
export function inProcess(): Candidate {
  const plan = benchPlan()
  return {
    name: 'rt in-process',
    async once() {
      const start = performance.now()
      const container = await run(plan)
      const exit = await container.exited
      const time = performance.now() - start
      if (!('code' in exit) || exit.code !== 0) throw new Error(`rt in-process: ${JSON.stringify(exit)}`)
      return time
    },
  }
}
