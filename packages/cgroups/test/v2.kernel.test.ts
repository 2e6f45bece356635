// requires root, cgroup v2 alone at /sys/fs/cgroup; a virtual machine runs the same checks (v2-vm.ts)
import { describe, it } from 'vitest'
import { detectCgroups } from '../src/index.js'
import { V2_CHECKS } from './v2-suite.js'

const { mode } = detectCgroups()

describe('cgroup v2 alone', () => {
  it.for(V2_CHECKS)('$name', async ({ run }, context) => {
    if (process.getuid?.() !== 0) context.skip('needs root: cgroups are made')
    if (mode !== 'v2') context.skip(`needs cgroup v2 alone, and this host's mode is ${mode}`)
    const reason = await run()
    if (reason !== undefined) context.skip(reason)
  })
})
