import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { assemble } from '../assemble/assemble.js'
import { type Supervision, TOLD_TO_NODE } from '../lifecycle/supervision.js'
import type { Plan } from '../plan/plan.js'
import type { Container } from './container-interface.js'
import { owedProgram } from './owed.js'
import { startInTurn } from './run.js'
import type { RunOptions } from './run-options.js'

export interface CreateOptions extends Pick<RunOptions, 'signal' | 'traced' | 'onFailure' | 'fault'> {
  /** The container's streams, as for `run`; nobody is there to read a pipe. */
  readonly stdio?: 'inherit' | 'null' | number | readonly ('inherit' | 'null' | number)[] | undefined
  /** Absolute path of a unix socket that is sent the master of the plan's terminal. */
  readonly consoleSocket?: string | undefined
}

/** A container that waits for its start, on its own: nothing of this library is beside it. */
export interface Created extends Pick<Container, 'pid' | 'record' | 'trace' | 'program'> {
  /**
   * What is left to do when the container is gone: a static executable that removes what the set-up has made. It is to be
   * kept beside the container's state, and run once init is dead; it says on stderr what it could not remove.
   */
  owed(): Buffer
}

const OPTIONS: OptionKeys<CreateOptions> = {
  stdio: true,
  consoleSocket: true,
  signal: true,
  traced: true,
  onFailure: true,
  fault: true,
}

/**
 * Set up a container, all but its start: OCI's `create`. Resolves when init waits (see `awaitStart` of @rt/chroot) and
 * the supervisor has gone. Init then is the child of whoever takes orphans in: the nearest subreaper, who learns how it
 * ends. The meetings of the plan have taken place: hooks are among them.
 *
 * @throws RtError RT_PROGRAM for a plan without a meeting at `init.execute`, and as of `run`
 * @see runtime-spec, runtime.md, "Lifecycle"
 */
export async function create(plan: Plan, options: CreateOptions = {}): Promise<Created> {
  refuseUnknownOptions('create', options, OPTIONS)
  const { consoleSocket, stdio = 'inherit', traced, fault, ...rest } = options
  const terminal = consoleSocket === undefined ? undefined : { socket: consoleSocket }
  const supervision: Supervision = { ...TOLD_TO_NODE, leaves: true, ...(terminal ? { terminal } : {}) }
  const container = await startInTurn(() => assemble(plan, { supervision, traced, fault }), {
    ...rest,
    stdio: stdio as RunOptions['stdio'],
    ...(terminal ? { terminal } : {}),
  })
  const { pid, program } = container
  return {
    pid,
    program,
    record: () => container.record(),
    trace: () => container.trace(),
    owed: () => owedProgram(program, container.record()),
  }
}
