// requires root, cgroup v2 alone at /sys/fs/cgroup; a virtual machine runs the same checks (v2-vm.ts)
import { describe, it } from 'vitest'
import { detectCgroups } from '../src/index.js'
import { V2_CHECKS } from './v2-suite.js'

const { mode } = detectCgroups()
const reason =
  process.getuid?.() !== 0
    ? 'needs root: cgroups are made'
    : mode === 'v2'
      ? undefined
      : `needs cgroup v2 alone, and this host's mode is ${mode}`

describe('cgroup v2 alone', () => {
  if (reason !== undefined) it(`${V2_CHECKS.length} checks`, (context) => context.skip(reason))
  else {
    it.for(V2_CHECKS)('$name', async ({ run }, context) => {
      const missing = await run()
      if (missing !== undefined) context.skip(missing)
    })
  }
})
