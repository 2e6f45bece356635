import { call, type Instruction, ref, type Step } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, O_WRONLY } from '@rt/sys'
import { detectCgroups } from './detect-cgroups.js'
import type { Group } from './group-path.js'
import { cgroupHints } from './hints.js'
import type { CgroupHost } from './host.js'
import { makeInstructions } from './make-instructions.js'
import { type CreationOptions, planCreation } from './plan-creation.js'
import { removeInstructions } from './remove-instructions.js'
import type { Resources } from './resources.js'

export interface JoinOptions extends CreationOptions {
  /** The host's cgroups; default: {@link detectCgroups}, which looks at the host. With it the step is built purely. */
  readonly host?: CgroupHost | undefined
  /** Leave the group when the container has ended; default: what the step made it also removes. */
  readonly keep?: boolean | undefined
}

/**
 * The file through which init joins. On v1 that is `tasks`: writing 0 there moves the one thread that writes, which
 * needs no lock on all forks of the machine, where cgroup.procs waits for an RCU grace period (30 µs against 5 ms).
 * Init has one thread. v2 knows whole processes only.
 */
const joinFile = ({ hierarchy }: Pick<Group, 'hierarchy'>): string =>
  hierarchy.version === 1 ? 'tasks' : 'cgroup.procs'

/** Open the door while the host's tree is in sight … */
export const openDoors = (directories: readonly Pick<Group, 'hierarchy' | 'directory'>[]): Instruction[] =>
  directories.map((group, i) => {
    const path = `${group.directory}/${joinFile(group)}`
    return call('openat', [AT_FDCWD, path, O_WRONLY | O_CLOEXEC], {
      save: `door ${i}`,
      of: path,
      why: 'the way in, for init',
    })
  })

/** … and go through it, from inside: 0 is the writer itself, whatever its pid is in any namespace. */
export const goThrough = (directories: readonly Pick<Group, 'hierarchy'>[]): Instruction[] =>
  directories.flatMap((group, i) => [
    call('write', [ref(`door ${i}`), '0', 1], { why: 'join', hints: cgroupHints(joinFile(group)) }),
    call('close', [ref(`door ${i}`)]),
  ])

/**
 * A step that makes the group `path` in every hierarchy, sets limits, puts the container in it before it enters its
 * cgroup namespace, and removes it when the container has ended. It needs no Node: a compiled program does the same.
 *
 * A group that exists gets the limits and is not removed. Parents that are missing are made and, once empty, removed by
 * the last container that leaves. Processes left behind in a group that the step made (there can be some without a pid
 * namespace) are killed.
 *
 * @param path of the group beneath {@link Hierarchy.top}: `/rt/demo`
 * @throws RtError RT_INVALID_OPTION for a wrong path or wrong resources; RT_PERMISSION if no hierarchy can be written;
 *   RT_UNSUPPORTED with a complaint for every limit that this host can't set, and why
 * @see cgroups(7)
 */
export function join(path: string, resources: Resources = {}, options: JoinOptions = {}): Step {
  const host = options.host ?? detectCgroups()
  const { groups, actions } = planCreation(host, path, resources, options)
  return {
    name: `cgroup ${JSON.stringify(path)}`,
    why: 'what the container uses is counted and limited',
    ...(options.origin === undefined ? {} : { origin: options.origin }),
    outside: [...makeInstructions(actions), ...openDoors(groups)],
    enter: goThrough(groups),
    ...(options.keep ? {} : { after: removeInstructions(groups) }),
  }
}
