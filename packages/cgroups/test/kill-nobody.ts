import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apply, compute } from '@rt/program'
import type { Group } from '../src/group/group-path.js'
import { killLeftovers } from '../src/remove/kill-instructions.js'
import { killGroup } from '../src/watch/kill-group.js'

/**
 * The program of kill.test.ts, in a process group of its own, since a mistake here kills the caller's: kill what two
 * files say, of a process that another pid namespace hides (0), one that is gone, and one that is there.
 */
const folder = mkdtempSync('/tmp/rt-kill-')
const fake = (name: string): Group => ({
  hierarchy: { version: 1, mountPoint: folder, controllers: [name], readOnly: false, top: folder, files: [] },
  parents: [],
  directory: folder,
})
const gone = 4_194_303

async function victim(act: (groups: readonly Group[]) => unknown): Promise<NodeJS.Signals | null> {
  const sleep = spawn('sleep', ['60'], { stdio: 'ignore' })
  const end = once(sleep, 'exit')
  writeFileSync(join(folder, 'cgroup.procs'), `0\n${gone}\n${sleep.pid}\n`)
  await act([fake('pids'), fake('cpu')])
  const [, signal] = (await end) as [number | null, NodeJS.Signals | null]
  return signal
}

try {
  const byNode = await victim((groups) =>
    // The file never becomes empty: that they were signalled is all that is asked.
    killGroup(groups, AbortSignal.timeout(50)).catch((error: Error) => {
      if (error.name !== 'TimeoutError') throw error
    }),
  )
  const byProgram = await victim((groups) =>
    apply({
      name: 'kill',
      why: 'a test',
      'host.prepare': [compute('made 0', 0)],
      'host.gone': killLeftovers(groups),
    }).after(),
  )
  console.log(JSON.stringify({ byNode, byProgram }))
} finally {
  rmSync(folder, { recursive: true })
}
