import { RtError } from '@rt/sys'
import type { Instruction } from '../language/instruction.js'
import type { Account } from '../lifecycle/usage.js'

/**
 * When an instruction runs, and in which process. Moments come in this order; within one, steps come in the plan's.
 *
 *     host.prepare   the supervisor, in the host's namespaces and cgroup: what outlives init or is checked first
 *     host.open      what must be opened while the host's tree is in sight: by the supervisor when it has the privilege,
 *                    else (a user namespace made by a plain user) by init, after `init.enter`
 *     init.enter     init, first of all: the cgroup is joined, ids are taken, propagation is changed
 *     init.mount     the tree is built
 *     init.pivot     it becomes the root; working directory and terminal in it
 *     init.confine   limits, user, capabilities: what the program may do is cut down
 *     init.execute   fds are closed, the filter is loaded, execve
 *     host.gone      the supervisor, once init is gone, whatever happened; failures here are recorded, not fatal
 */
export const MOMENTS = [
  'host.prepare',
  'host.open',
  'init.enter',
  'init.mount',
  'init.pivot',
  'init.confine',
  'init.execute',
  'host.gone',
] as const
export type Moment = (typeof MOMENTS)[number]

/** Init's own moments, in their order. */
export const INIT_MOMENTS = ['init.enter', 'init.mount', 'init.pivot', 'init.confine', 'init.execute'] as const
export type InitMoment = (typeof INIT_MOMENTS)[number]

/**
 * One thing that a container's set-up does, and for whom. A step is data: building it needs no privilege and has no
 * effect. It holds its instructions by the {@link Moment} at which they run.
 */
export interface Step extends Readonly<Partial<Record<Moment, readonly Instruction[]>>> {
  /** What it is, in the words of the user's option or of the spec: `mounts[3] "/data"`, `namespaces`, `user`. */
  readonly name: string
  /** One clause: why a container needs it. */
  readonly why: string
  /** The option, config field or default that asked for it: `--tmpfs /run`, `default`. */
  readonly origin?: string
  /** CLONE_NEW* flags (sched.h) that this step adds to the clone. */
  readonly clone?: number
  /**
   * CLONE_NEW* flags without which the step would act on the host itself: a plan in which no step brings them is refused
   * (but not by `apply`, where the caller's own namespaces are meant). Those that mount(2), sethostname(2) and the like
   * act on need not be said: see needed-namespaces.ts.
   */
  readonly needs?: number
  /**
   * Name of a `$` word that holds an fd of a cgroup v2 directory: init is born in it (CLONE_INTO_CGROUP, Linux 5.7). To
   * write its pid to cgroup.procs afterwards waits for an RCU grace period, some milliseconds.
   */
  readonly cloneInto?: `$${string}`
  readonly meets?: readonly Meeting[]
  /**
   * Its `init.enter` joins what is there already: namespaces, with setns(2), or groups. A process between supervisor and
   * init does that, and then makes init, so that nobody inside sees one that still holds something of the host. See
   * lifecycle/middle.ts. Other steps' `init.enter` is init's: new namespaces are made with it.
   */
  readonly joins?: true
  /** What the step has counted, when all is over: part of the exit's `usage`. */
  readonly accounts?: readonly Account[]
  /**
   * The step makes a terminal, and hands its master, the word MASTER, to the supervisor. Who holds it then is said by the
   * supervision: the supervisor itself, or Node.
   */
  readonly terminal?: true
}

/**
 * Init waits, the host side acts, init goes on: id maps, hooks, "created", work for Node. It takes place before all that
 * init does at that moment; meetings at the same moment are one wait, in the plan's order.
 */
export interface Meeting {
  readonly at: InitMoment
  /** Name of a word of init's that holds an fd: the supervisor has it under the same name from then on. */
  readonly hands?: string
  /**
   * The fd goes on to Node, which finds it under this name when the container has started: a listening socket, a pidfd, a
   * seccomp listener. `compile` refuses a plan that has any.
   */
  readonly toNode?: string
  /** The supervisor's part: it sees what it saved itself, and init's pid. A failure ends the set-up. */
  readonly host?: readonly Instruction[]
  /** Node's part, after the supervisor's. `compile` refuses a plan that has any. */
  readonly node?: WithNode
}

/** What Node does at a {@link Meeting}. */
export interface WithNode {
  /** Why a program can't do it alone; `compile` says it. */
  readonly why: string
  /** Init's pid on the host. A rejection ends the set-up and is what `run` rejects with. */
  readonly act: (init: { readonly pid: number; readonly signal: AbortSignal }) => Promise<void> | void
}

/** An ordered list of steps, and who the supervisor is. */
export interface Plan {
  readonly steps: readonly Step[]
  /**
   * `host.open` runs in the supervisor (`'supervisor'`, default: it is privileged in the host's mount namespace)
   * or in init (`'init'`: a plain user's user namespace, where only init may make mounts).
   */
  readonly opens: 'supervisor' | 'init'
}

/** What `sequence` takes: steps, lists of steps, and gaps (`cond && step`). */
export type StepList = Step | Plan | false | null | undefined | readonly StepList[]

/**
 * Put steps in order. Lists are flattened, gaps dropped, plans spliced in.
 *
 * @throws RtError RT_INVALID_OPTION if the same name is used by two steps (an error could not tell them apart).
 */
export function sequence(...lists: StepList[]): Plan {
  const steps: Step[] = []
  let opens: Plan['opens'] = 'supervisor'
  const add = (item: StepList): void => {
    if (!item) return
    if (Array.isArray(item)) for (const each of item as readonly StepList[]) add(each)
    else if ('steps' in item) {
      steps.push(...item.steps)
      if (item.opens === 'init') opens = 'init'
    } else steps.push(item as Step)
  }
  add(lists)
  const seen = new Set<string>()
  for (const { name } of steps) {
    if (seen.has(name)) {
      throw new RtError('RT_INVALID_OPTION', `two steps are named ${JSON.stringify(name)}`, { step: name })
    }
    seen.add(name)
  }
  return { steps, opens }
}

/** The same plan with `host.open` run by init: for a user namespace made without privilege. */
export const openedByInit = (plan: Plan): Plan => ({ ...plan, opens: 'init' })
