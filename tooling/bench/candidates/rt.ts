import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile, type Plan, run } from '@rt/program'
import { temporaryFolder } from '../../fixtures/index.js'
import { benchPlan, inCgroup } from '../plan.js'
import type { Candidate } from '../row.js'
import { commandCandidate, environment } from '../spawner.js'

/** Runs a plan to its end; fails unless the container exits with 0. */
export async function runToEnd(plan: Plan): Promise<void> {
  const container = await run(plan, { stdio: 'null' })
  const exit = await container.exited
  if (!('code' in exit) || exit.code !== 0) throw new Error(`the container ended with ${JSON.stringify(exit)}`)
}

/** The library in this process: from a plan to the container's exit status. */
export function inProcess(cgroup?: 'with cgroup'): Candidate {
  const plan = benchPlan(cgroup && inCgroup('in-process'))
  return {
    name: cgroup ? 'rt with cgroup' : 'rt in-process',
    async once() {
      const start = performance.now()
      await runToEnd(plan)
      return performance.now() - start
    },
  }
}

const executables = new Map<string | undefined, string>()

/** The plan as an executable file. */
export function compiledPlan(cgroup?: 'with cgroup'): string {
  let file = executables.get(cgroup)
  if (file === undefined) {
    file = join(temporaryFolder('compiled'), 'container')
    writeFileSync(file, compile(benchPlan(cgroup && inCgroup('compiled'))), { mode: 0o755 })
    executables.set(cgroup, file)
  }
  return file
}

/** The compiled ELF, started as a shell would. */
export const compiledFromShell = (cgroup?: 'with cgroup'): Candidate =>
  commandCandidate(cgroup ? 'rt compiled with cgroup' : 'rt compiled', [compiledPlan(cgroup)])

/** The compiled ELF, started by Node's own child_process: what it costs not to have posix_spawn. */
export function compiledByChildProcess(): Candidate {
  const file = compiledPlan()
  const env = environment()
  return {
    name: 'rt compiled, by child_process',
    async once() {
      const start = performance.now()
      const [code] = (await once(spawn(file, [], { stdio: 'ignore', env }), 'exit')) as [number | null]
      const time = performance.now() - start
      if (code !== 0) throw new Error(`the compiled container ended with ${code}`)
      return time
    },
  }
}
