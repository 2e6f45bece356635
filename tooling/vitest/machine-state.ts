import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isUsedByOthers, leftoverProcesses } from './processes.js'

/** What a container may leave behind, by kind: a line of text per thing. */
export type MachineState = Record<string, readonly string[]>

/** Devices that a runtime could chown, chmod or replace by mistake; the nodes are the host's. */
const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'ptmx', 'fuse', 'net/tun']

/**
 * Reads the state that every test must leave as it was.
 *
 * @param marker `NAME=value`, part of the environment of this run's processes.
 */
export function machineState(marker: string): MachineState {
  return {
    mount: mounts(),
    cgroup: cgroups('/sys/fs/cgroup').filter((group) => !isUsedByOthers(join(group, 'cgroup.procs'), marker)),
    // Namespaces need no look of their own: they live by a process, or by a bind mount of an nsfs file.
    process: leftoverProcesses(marker),
    'temporary file': readdirSync(tmpdir())
      .filter((name) => name.startsWith('rt-') && !isOfAnotherRun(name))
      .map((name) => join(tmpdir(), name)),
    'runtime state': entries('/run/rt'),
    // Where a file made by mistake lies in the way of tests that look for what isn't there.
    'file in the root': readdirSync('/').map((name) => join('/', name)),
    device: devices.flatMap(deviceLine),
    hostname: [hostname()],
  }
}

/** One line for each thing that is there after and wasn't before, or the other way round. */
export function describeLeaks(before: MachineState, after: MachineState): string[] {
  const leaks: string[] = []
  for (const kind of Object.keys(after)) {
    const [old, now] = [before[kind] ?? [], after[kind] ?? []]
    for (const line of surplus(now, old)) leaks.push(`${kind} left: ${line}`)
    // What ended elsewhere was not ours to keep; any other thing that vanished is damage.
    if (kind === 'process' || kind === 'cgroup' || kind === 'temporary file') continue
    for (const line of surplus(old, now)) leaks.push(`${kind} gone: ${line}`)
  }
  return leaks
}

/** The lines of `left` that `right` hasn't, counting repeats: two equal mounts on one point are two. */
function surplus(left: readonly string[], right: readonly string[]): string[] {
  const rest = new Map<string, number>()
  for (const line of right) rest.set(line, (rest.get(line) ?? 0) + 1)
  return left.filter((line) => {
    const count = rest.get(line) ?? 0
    if (count > 0) rest.set(line, count - 1)
    return count === 0
  })
}

/** Where other engines and sessions mount and unmount at any time; no test of rt has business there. */
const foreign =
  /^\/(run\/(user|docker|containerd|netns|credentials)|var\/lib\/(docker|containerd|containers)|snap|media)\//

/** mountinfo's lines whole: a changed propagation or option of a host mount is damage too. */
function mounts(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(Boolean)
  return lines.filter((line) => !foreign.test(line.split(' ')[4] ?? ''))
}

/** Every directory called rt… below the cgroup hierarchies, v1 and v2. */
function cgroups(folder: string): string[] {
  return directories(folder).flatMap((name) => {
    const path = join(folder, name)
    return [...(name.startsWith('rt') ? [path] : []), ...cgroups(path)]
  })
}

/** The folder of a test run (run-folder.ts) that goes on elsewhere. */
function isOfAnotherRun(name: string): boolean {
  const pid = /^rt-run-(\d+)-/.exec(name)?.[1]
  return pid !== undefined && Number(pid) !== process.pid && existsSync(join('/proc', pid))
}

/** Real directories only: v1 has symlinks such as cpu -> cpu,cpuacct. */
function directories(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
  } catch {
    return [] // removed while we were looking: then it is no leak
  }
}

function entries(folder: string): string[] {
  return directories(folder).flatMap((name) => [join(folder, name), ...entries(join(folder, name))])
}

function deviceLine(name: string): string[] {
  const stat = lstatSync(join('/dev', name), { throwIfNoEntry: false })
  return stat ? [`/dev/${name} mode ${stat.mode.toString(8)} owner ${stat.uid}:${stat.gid} rdev ${stat.rdev}`] : []
}
