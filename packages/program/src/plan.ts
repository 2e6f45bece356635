import { RtError } from '@rt/sys'
import type { Instruction } from './instruction.js'

/**
 * One thing that a container's set-up does, and for whom. A step is data: building it needs no privilege and has no
 * effect. Its instructions are told apart by where and when they run:
 *
 *     outside   the supervisor, in the host's namespaces and cgroup, before the clone
 *     parent    the supervisor, after the clone; init waits until all parent instructions are done
 *     enter     init, first of all (maps are written, the cgroup is joined)
 *     open      what must be opened while the host's tree is in sight: by the supervisor before the clone when it has
 *               the privilege, else (a user namespace made by a plain user) by init, after `enter`
 *     inside    init, in the plan's order
 *     after     the supervisor, once init is gone, whatever happened; failures here are recorded, not fatal
 */
export interface Step {
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
  readonly outside?: readonly Instruction[]
  readonly parent?: readonly Instruction[]
  readonly enter?: readonly Instruction[]
  readonly open?: readonly Instruction[]
  readonly inside?: readonly Instruction[]
  readonly after?: readonly Instruction[]
  /**
   * Work for Node between the parent phase and the gate: the container's init exists and waits. `compile` refuses a plan
   * that has any.
   */
  readonly withNode?: WithNode
  /**
   * The step sends the master of a terminal over CONSOLE_FD (layout.ts); `run` then gives the container a `terminal`.
   * Node is needed for that too.
   */
  readonly console?: true
}

/** What Node does for a step, see {@link Step.withNode}. */
export interface WithNode {
  /** Why a program can't do it alone; `compile` says it. */
  readonly why: string
  /** Init's pid on the host. A rejection ends the set-up and is what `run` rejects with. */
  readonly act: (init: { readonly pid: number; readonly signal: AbortSignal }) => Promise<void> | void
}

/** The phases of a {@link Step}, in the order in which they run (`open` may run in either process). */
export const PHASES = ['outside', 'parent', 'enter', 'open', 'inside', 'after'] as const
export type Phase = (typeof PHASES)[number]

/** An ordered list of steps, and who the supervisor is. */
export interface Plan {
  readonly steps: readonly Step[]
  /**
   * `open` instructions run in the supervisor (`'supervisor'`, default: it is privileged in the host's mount namespace)
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

/** The same plan with its `open` instructions run by init: for a user namespace made without privilege. */
export const openedByInit = (plan: Plan): Plan => ({ ...plan, opens: 'init' })
