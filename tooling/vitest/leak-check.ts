import { setTimeout as sleep } from 'node:timers/promises'
import { reportLeaks } from './leaks-found.js'
import { describeLeaks, type MachineState, machineState } from './machine-state.js'

/** What a test leaves behind for a moment (a process being reaped, a cgroup being emptied) is no leak yet. */
const graceMilliseconds = 5_000

/**
 * A vitest global set-up: the machine after the whole run must be as it was before.
 *
 * RT_LEAK_CHECK chooses what a leak does: `fail` (npm test, CI) fails the run, `off` doesn't look; otherwise it is
 * a warning, since beside other work on the machine a mount or a cgroup may be somebody else's.
 */
export default async function leakCheck(): Promise<(() => Promise<void>) | undefined> {
  const mode = process.env.RT_LEAK_CHECK ?? 'warn'
  if (mode === 'off' || process.platform !== 'linux') return undefined
  // Every process of the run inherits this name, which finds it again when its parent is gone.
  const marker = `RT_TEST_RUN=${process.pid}-${Date.now()}`
  const [name, value] = marker.split('=') as [string, string]
  process.env[name] = value
  const before: MachineState = machineState(marker)

  return async () => {
    const deadline = Date.now() + graceMilliseconds
    let leaks = describeLeaks(before, machineState(marker))
    while (leaks.length > 0 && Date.now() < deadline) {
      await sleep(100)
      leaks = describeLeaks(before, machineState(marker))
    }
    if (leaks.length === 0) return
    console.error(`\n${mode === 'fail' ? 'FAIL' : 'warning'}: the tests left ${leaks.length} things changed:`)
    for (const leak of leaks) console.error(`  ${leak}`)
    if (mode === 'fail') reportLeaks(leaks.length)
  }
}
