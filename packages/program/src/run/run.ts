import { closeSync } from 'node:fs'
import {
  AF_UNIX,
  type OptionKeys,
  posixSpawn,
  RtError,
  refuseUnknownOptions,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  syscall,
} from '@rt/sys'
import { assemble, type Program } from '../assemble/assemble.js'
import { CONSOLE_FD, FIRST_UNUSED_FD, LOG_FD, STATUS_FD, SYNC_FD } from '../assemble/layout.js'
import { fdsForNode, hasNodesPart } from '../lifecycle/roles.js'
import { type Supervision, TOLD_TO_NODE } from '../lifecycle/supervision.js'
import type { Plan } from '../plan/plan.js'
import { RunningContainer } from './container.js'
import type { Container } from './container-interface.js'
import { executableImage } from './image.js'
import { Log } from './log.js'
import type { RunOptions } from './run-options.js'
import { inTurn } from './start-queue.js'
import { arrangeStdio, ChildFiles, type Stdio, streamsOn } from './stdio.js'

const OPTIONS: OptionKeys<RunOptions> = {
  stdio: true,
  terminalSize: true,
  signal: true,
  detached: true,
  wallMs: true,
  terminal: true,
  traced: true,
  onFailure: true,
  fault: true,
  fds: true,
}

/**
 * Start a plan: its ELF in a sealed memfd, posix_spawn, and a pipe for news. Resolves when init has executed the
 * container's program. Node is not forked, and neither the event loop nor a thread of its pool waits.
 *
 * @throws SyscallError naming the step and the call that failed during the set-up; RtError for a bad plan or option, and
 *   RT_BROKEN_PROCESS if the set-up process was killed; the AbortSignal's reason. By then what the set-up had made is gone.
 */
export async function run<const S extends Stdio = 'inherit'>(
  plan: Plan,
  options: RunOptions<S> = {},
): Promise<Container<S>> {
  refuseUnknownOptions('run', options, OPTIONS)
  // The class has a stream or null for each; which of them follows from `stdio`.
  const container: Container = await startInTurn(() => programOf(plan, options), options)
  return container as Container<S>
}

/** Resolves when the container has started, or waits for its start. */
export async function startInTurn(program: () => Program, options: RunOptions): Promise<RunningContainer> {
  options.signal?.throwIfAborted()
  const container = await inTurn(() => {
    // It may have waited.
    options.signal?.throwIfAborted()
    return start(program(), options)
  })
  return container.started as Promise<RunningContainer>
}

/** A plan never changes, so one that runs again and again is assembled once. */
const assembled = new WeakMap<Plan, Program>()

function programOf(plan: Plan, options: RunOptions): Program {
  const { detached, traced, fault, wallMs, terminal, fds } = options
  if (detached || traced || fault || wallMs !== undefined || terminal !== undefined || fds) {
    return assemble(plan, { supervision: supervisionOf(options), traced, fault })
  }
  let program = assembled.get(plan)
  if (!program) {
    program = assemble(plan)
    assembled.set(plan, program)
  }
  return program
}

const supervisionOf = ({ detached, wallMs, terminal = 'node', fds = {} }: RunOptions): Supervision => ({
  ...TOLD_TO_NODE,
  dieWith: detached ? 'nobody' : 'caller',
  wallMs,
  terminal,
  fds: Object.fromEntries(Object.keys(fds).map((name, i) => [name, FIRST_UNUSED_FD + i])),
})

function start(program: Program, options: RunOptions): RunningContainer {
  const files = new ChildFiles()
  let log: Log | undefined
  const nodes: number[] = []
  const kept = (fd: number) => {
    nodes.push(fd)
    return fd
  }
  try {
    const ends = arrangeStdio(options.stdio ?? 'inherit', files, kept)
    log = new Log(program).makeRoom()
    const status = kept(files.pipe(STATUS_FD, false))
    files.pass(log.fd, LOG_FD)
    Object.entries(options.fds ?? {}).forEach(([name, fd], i) => {
      if (!Number.isInteger(fd) || fd < 0) {
        throw new RtError('RT_INVALID_OPTION', `fds.${name}: expected an open fd, got ${JSON.stringify(fd)}`)
      }
      files.pass(fd, FIRST_UNUSED_FD + i)
    })
    const fdNames = fdsForNode(program.plan, supervisionOf(options))
    const console = fdNames.length > 0 ? kept(socketTo(CONSOLE_FD, files)) : undefined
    const sync = hasNodesPart(program.plan) ? kept(files.pipe(SYNC_FD, true)) : undefined
    const image = files.own(executableImage(program.elf))
    const file = `/proc/self/fd/${image}`
    const supervisor = posixSpawn({ file, argv: ['rt'], env: [], dup2: files.dup2 })
    const streams = streamsOn(ends)
    return new RunningContainer({ program, supervisor, log, status, console, fdNames, sync, streams, options })
  } catch (error) {
    for (const fd of nodes) closeSync(fd)
    log?.close()
    throw error
  } finally {
    // Before waiting: while Node holds the writing end itself, the news never end.
    files.close()
  }
}

/** A socketpair; the child gets one end as `to`. @returns Node's end */
function socketTo(to: number, files: ChildFiles): number {
  const ends = new Int32Array(2)
  syscall('socketpair', AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, new Uint8Array(ends.buffer))
  files.pass(files.own(ends[0] as number), to)
  return ends[1] as number
}
