import { call, type Instruction, ref, type Step } from '@rt/program'
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  O_WRONLY,
  type OptionKeys,
  RtError,
  refuseUnknownOptions,
} from '@rt/sys'
import { makeInstructions } from './create/make-instructions.js'
import { DIGITS_HERE, namedAtRunTime } from './create/named-at-run-time.js'
import { type CreationOptions, planCreation } from './create/plan-creation.js'
import { accountInstructions, accountsOf } from './group/account.js'
import type { Group } from './group/group-path.js'
import { cgroupHints } from './group/hints.js'
import { whyClosed } from './host/absence.js'
import { detectCgroups } from './host/detect-cgroups.js'
import type { CgroupHost } from './host/host.js'
import { removeInstructions } from './remove/remove-instructions.js'
import type { Resources } from './resources/resources.js'

export interface JoinOptions extends CreationOptions {
  /** The host's cgroups; default: {@link detectCgroups}, which looks at the host. With it the step is built purely. */
  readonly host?: CgroupHost | undefined
  /** Leave the group when the container has ended; default: what the step made it also removes. */
  readonly keep?: boolean | undefined
  /**
   * What to do if the group is there already.
   *
   * - `refuse` (default): an error, RT_BUSY, when the set-up comes to it, if another container has it or anything is in
   *   it. One that is empty, and that no living supervisor has locked, was left by an rt that was killed: it is made
   *   anew.
   * - `join`: go into it, whoever made it. The limits given are then set for all who are in it. It is removed by the
   *   container that made it, if nobody else is in it then; nobody in it is killed.
   */
  readonly existing?: 'refuse' | 'join' | undefined
  /** What the asker has left out, and why: explain says it. */
  readonly note?: string | undefined
  /**
   * The path ends with eight X, which become digits when the program runs: an executable that runs many times at once has
   * a group for each. Not for `run`, whose Node would not know the name where the supervisor was killed.
   */
  readonly perRun?: boolean | undefined
  /** What to say if it is in use; default names the group. */
  readonly inUse?: string | undefined
}

type Place = Pick<Group, 'hierarchy' | 'directory'>

/** The word that holds the v2 group's directory. */
const V2_DIRECTORY = '$cgroup'

/**
 * How init gets into groups. To write a pid to cgroup.procs takes a lock on all forks of the machine and waits for an
 * RCU grace period, 5 ms and more. So init is born in the v2 group (CLONE_INTO_CGROUP), and goes into those of v1 through
 * `tasks`: writing 0 there moves the one thread that writes, which needs no such lock (30 µs). Init has one thread.
 */
function enterGroups(groups: readonly Place[]): Pick<Step, 'host.prepare' | 'init.enter' | 'cloneInto'> {
  const v1 = groups.filter(({ hierarchy }) => hierarchy.version === 1)
  const v2 = groups.find(({ hierarchy }) => hierarchy.version === 2)
  if (!v2) return { 'host.prepare': openTasks(v1), 'init.enter': writeTasks(v1) }
  const { directory } = v2
  const open = call('openat', [AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC], {
    save: V2_DIRECTORY,
    of: directory,
    why: 'init is born in this group',
  })
  return { 'host.prepare': [...openTasks(v1), open], 'init.enter': writeTasks(v1), cloneInto: V2_DIRECTORY }
}

/**
 * The same for a process between (`Step.joins`), whose child is born where it is: through `cgroup.procs`, slower as that is.
 * A directory's fd for CLONE_INTO_CGROUP would be that child's, too, and lead whoever sees it inside to the host's tree.
 */
export const enterBeforeClone = (groups: readonly Place[]): Pick<Step, 'host.prepare' | 'init.enter'> => ({
  'host.prepare': openTasks(groups),
  'init.enter': writeTasks(groups),
})

/** Open each group's tasks file while the host's tree is in sight … */
const openTasks = (groups: readonly Place[]): Instruction[] =>
  groups.map(({ directory, hierarchy }, i) => {
    const path = `${directory}/${hierarchy.version === 1 ? 'tasks' : 'cgroup.procs'}`
    return call('openat', [AT_FDCWD, path, O_WRONLY | O_CLOEXEC], {
      save: `tasks ${i}`,
      of: path,
      why: 'the way in, for init',
    })
  })

/** … and write to it, from inside: 0 is the writer itself, whatever its pid is in any namespace. */
const writeTasks = (groups: readonly Place[]): Instruction[] =>
  groups.flatMap((_, i) => [
    call('write', [ref(`tasks ${i}`), '0', 1], { why: 'join', hints: cgroupHints('tasks') }),
    call('close', [ref(`tasks ${i}`)]),
  ])

const OPTIONS: OptionKeys<JoinOptions> = {
  note: true,
  host: true,
  keep: true,
  existing: true,
  inUse: true,
  perRun: true,
  origin: true,
  names: true,
  optional: true,
}

/**
 * A step that makes the group `path` in every hierarchy, sets limits, puts the container in it before it enters its
 * cgroup namespace, and removes it when the container has ended, with the groups that the container made below it. It
 * needs no Node: a compiled program does the same.
 *
 * The group is the container's alone, unless `existing` says otherwise. Parents that are missing are made and, once
 * empty, removed by the last container that leaves. Processes left behind in the group (there can be some without a pid
 * namespace) are killed. What can't be removed in some seconds is told of by the container's `warnings`.
 *
 * @param path of the group beneath {@link Hierarchy.top}: `/rt/demo`
 * @throws RtError RT_INVALID_OPTION for a wrong path or wrong resources; RT_PERMISSION if no hierarchy can be written;
 *   RT_UNSUPPORTED with a complaint for every limit that this host can't set, and why
 * @see cgroups(7)
 */
export function join(path: string, resources: Resources = {}, options: JoinOptions = {}): Step {
  refuseUnknownOptions('join', options, OPTIONS)
  const {
    host: given = detectCgroups(),
    existing = 'refuse',
    inUse = `the cgroup ${JSON.stringify(path)} is in use`,
    keep,
    note,
    perRun = false,
    ...creation
  } = options
  if (perRun && !path.endsWith(DIGITS_HERE)) {
    throw new RtError(
      'RT_INVALID_OPTION',
      `expected a path that ends with ${DIGITS_HERE}, got ${JSON.stringify(path)}`,
      {
        origin: options.origin,
      },
    )
  }
  const { origin } = creation
  const host = lockFirst(given)
  const { groups, actions } = planCreation(host, path, resources, creation)
  const way = enterGroups(groups)
  const closed = host.hierarchies.filter(({ top }) => top === undefined)
  const notes = [
    ...(closed.length > 0 ? [`no group of its own where ${closed.map(whyClosed).join(', ')}`] : []),
    ...(note === undefined ? [] : [note]),
  ]
  const step: Step = {
    name: `cgroup ${JSON.stringify(path)}`,
    why: ['what the container uses is counted and limited, and no other group is its to change', ...notes].join('; '),
    ...(origin === undefined ? {} : { origin }),
    ...way,
    'host.prepare': [...makeInstructions(actions, groups, { existing, inUse }), ...(way['host.prepare'] ?? [])],
    'host.gone': [...accountInstructions(groups), ...(keep ? [] : removeInstructions(groups, existing))],
    accounts: accountsOf(groups),
  }
  return perRun ? namedAtRunTime(step) : step
}

/**
 * The first group is the lock on the name, made first and removed last: not the one in which what is left is killed,
 * since that one can be removed at once if nothing is.
 */
function lockFirst(host: CgroupHost): CgroupHost {
  const { hierarchies } = host
  const first = hierarchies.find(
    ({ version, controllers, top }) => top !== undefined && version === 1 && !controllers.includes('freezer'),
  )
  return first ? { ...host, hierarchies: [first, ...hierarchies.filter((each) => each !== first)] } : host
}
