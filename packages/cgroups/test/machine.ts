import { type ChildProcess, spawn } from 'node:child_process'
import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Cgroup, type CgroupHost, cgroup, detectCgroups } from '../src/index.js'

/** Why kernel tests can't run here; undefined if they can. */
export function whyNot(host: CgroupHost, version: 1 | 2, ...controllers: string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root: cgroups are made'
  const missing = controllers.filter(
    (name) =>
      !host.hierarchies.some(
        (each) => each.version === version && each.top !== undefined && each.controllers.includes(name),
      ),
  )
  if (missing.length > 0) return `needs the ${missing.join(', ')} controller in cgroup v${version}`
  return undefined
}

/** This host without its v2 hierarchy: what a Debian 10 has. */
export function v1Only(): CgroupHost {
  const host = detectCgroups()
  return { ...host, mode: 'v1', hierarchies: host.hierarchies.filter(({ version }) => version === 1) }
}

let count = 0
/** A path that no other test, and no other run of this one, uses. */
export const uniquePath = (name: string): string => `/rt-test-${process.pid}/${name}-${++count}`

/** A group that is killed and removed when the test ends, whatever its end. */
export function temporaryGroup(name: string, host: CgroupHost): Cgroup {
  const group = cgroup(uniquePath(name), host)
  onTestFinished(async () => {
    await group.kill()
    await group.remove()
  })
  return group
}

/** Directories below all hierarchies whose name starts so. Those of other programs come and go meanwhile. */
export function groupsNamed(start: string, host: CgroupHost): string[] {
  const below = (directory: string): string[] =>
    entriesOf(directory)
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => [
        ...(name.startsWith(start) ? [join(directory, name)] : []),
        ...below(join(directory, name)),
      ])
  return host.hierarchies.flatMap(({ mountPoint }) => below(mountPoint))
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // ENODEV: opened, and removed before it was read.
    if (code === 'ENOENT' || code === 'ENODEV') return []
    throw error
  }
}

/** A shell that waits for a line on its stdin before it runs the script: time to put it into a group. */
export function waitingShell(script: string): ChildProcess & { pid: number; go(): void } {
  const child = spawn('/bin/sh', ['-c', `read line; ${script}`], { stdio: ['pipe', 'pipe', 'pipe'] })
  if (child.pid === undefined) throw new Error('sh could not be started')
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return Object.assign(child, { pid: child.pid, go: () => child.stdin.end('go\n') })
}

/** Resolves with a child's output and end. */
export function ended(child: ChildProcess): Promise<{ stdout: string; code: number | null; signal: string | null }> {
  let stdout = ''
  child.stdout?.on('data', (bytes: Buffer) => {
    stdout += bytes
  })
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ stdout, code, signal })))
}
