import { assemble } from '@rt/program'
import { benchPlan } from '../plan.js'
import type { Row } from '../row.js'

export const row: Row = {
  name: 'building',
  what: 'the plan from its options, and the ELF from the plan, in JavaScript',
  unit: 'ms',
  candidates: [
    () => ({
      name: 'plan',
      async once() {
        const start = performance.now()
        benchPlan()
        return performance.now() - start
      },
    }),
    () => {
      const plan = benchPlan()
      return {
        name: 'ELF',
        async once() {
          const start = performance.now()
          assemble(plan)
          return performance.now() - start
        },
      }
    },
  ],
  budgets: [],
  rounds: 300,
}
