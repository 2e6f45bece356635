import { closeSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import {
  CLD_EXITED,
  ERRNO,
  POLLIN,
  RtError,
  rawSyscall,
  SIGNALS,
  SyscallError,
  signalNumber,
  syscallNumber,
} from '@rt/sys'
import type { Program } from '../assemble/assemble.js'
import { MASTER } from '../language/vocabulary.js'
import { CREATED, EXITED, MESSAGE_SIZE, NODES_TURN, STARTED, TIMED_OUT } from '../lifecycle/endings.js'
import { ended } from '../lifecycle/usage.js'
import { nodesParts } from '../plan/meetings.js'
import type { WithNode } from '../plan/plan.js'
import { cleanUp } from './apply.js'
import { receiveFd, type Terminal, terminalOn } from './console.js'
import type { Container } from './container-interface.js'
import type { Exit } from './exit.js'
import { diedDuringSetup, noLog, setupFailure, warningsIn } from './failure.js'
import type { Log } from './log.js'
import type { RunOptions } from './run-options.js'
import type { Streams } from './stdio.js'
import { type TraceRow, traceRows } from './trace-rows.js'

/** What `run` has made. */
export interface Started {
  readonly program: Program
  readonly supervisor: number
  readonly log: Log
  /** Reading end of the news. */
  readonly status: number
  /** Socket over which descriptors of init's come, and their names in that order: MASTER is a terminal's. */
  readonly console: number | undefined
  readonly fdNames: readonly string[]
  /** Writing end of the pipe that the supervisor reads when it is Node's turn. */
  readonly sync: number | undefined
  readonly streams: Streams
  readonly options: RunOptions
}

/** Milliseconds that an init whose supervisor was killed may take to die: its memory is freed first. */
const LONGEST_DEATH = 5_000

/** Listens to a supervisor's news and ends with what became of its container. */
export class RunningContainer implements Container {
  readonly program: Program
  readonly supervisor: number
  readonly stdin: Streams['stdin']
  readonly stdout: Streams['stdout']
  readonly stderr: Streams['stderr']
  terminal: Terminal | null = null
  fds: Readonly<Record<string, number>> = {}
  pid = 0
  warnings: readonly string[] = []
  readonly started: Promise<Container>
  readonly exited: Promise<Exit>
  private readonly settle: {
    started: (container: Container) => void
    notStarted: (reason: unknown) => void
    exited: (exit: Exit) => void
    lost: (reason: unknown) => void
  }
  private readonly log_: Log
  private readonly nodesParts: WithNode[]
  private pidfd: number | undefined
  private console: number | undefined
  private sync: number | undefined
  private pending: Buffer = Buffer.alloc(0)
  private exit: Exit | undefined
  private hasStarted = false
  private hasTimedOut = false
  private isOver = false
  /** By its supervisor: how it ends is told to whoever inherits init. */
  private isLeft = false
  private failure: unknown

  constructor(private readonly begun: Started) {
    const { program, supervisor, log, streams, options } = begun
    this.program = program
    this.supervisor = supervisor
    this.log_ = log
    this.nodesParts = nodesParts(program.plan)
    this.stdin = streams.stdin
    this.stdout = streams.stdout
    this.stderr = streams.stderr
    this.console = begun.console
    this.sync = begun.sync
    const settle: Partial<RunningContainer['settle']> = {}
    this.started = new Promise((resolve, reject) => {
      settle.started = resolve
      settle.notStarted = reject
    })
    this.exited = new Promise((resolve, reject) => {
      settle.exited = resolve
      settle.lost = reject
    })
    this.settle = settle as RunningContainer['settle']
    // A failed set-up is told by `started`; whoever awaits `exited` too gets it there.
    this.exited.catch(() => undefined)
    const news = new Socket({ fd: begun.status, readable: true, writable: false })
    news.on('data', (bytes: Buffer) => this.read(bytes, news))
    news.on('error', (error) => {
      this.failure ??= error
    })
    news.on('close', () => void this.over())
    options.signal?.addEventListener('abort', this.abort)
  }

  private read(bytes: Buffer, news: Socket): void {
    this.pending = this.pending.length ? Buffer.concat([this.pending, bytes]) : bytes
    for (; this.pending.length >= MESSAGE_SIZE; this.pending = this.pending.subarray(MESSAGE_SIZE)) {
      const kind = this.pending.readUInt32LE(0)
      if (kind === NODES_TURN) void this.nodesTurn()
      else if (kind === STARTED) this.begin(news)
      else if (kind === TIMED_OUT) this.hasTimedOut = true
      else if (kind === CREATED) {
        this.isLeft = true
        this.begin(news)
      } else if (kind === EXITED) {
        const status = this.pending.readInt32LE(24)
        const how = this.pending.readInt32LE(8) === CLD_EXITED ? { code: status } : { signal: status }
        const fields = { ...how, ...(this.hasTimedOut ? { timedOut: true as const } : {}) }
        this.exit = ended(fields, this.program.plan.steps, (name) => this.log_.keptAs(name))
      }
    }
  }

  /** Init has executed, or died trying: the log knows. */
  private begin(news: Socket): void {
    this.failure ??= setupFailure(this.program, this.log_)
    if (this.failure !== undefined) return
    this.learnPid()
    try {
      this.receiveFds()
    } catch (error) {
      this.failure = diedDuringSetup(this.program, this.log_, SIGNALS.SIGKILL) ?? error
      this.kill()
      return
    }
    if (this.begun.options.signal?.aborted) {
      this.kill()
      return
    }
    // Whether init died just before its execve is known when the exit is: see over().
    if (!this.isLeft && diedDuringSetup(this.program, this.log_, SIGNALS.SIGKILL)) return
    this.hasStarted = true
    if (this.begun.options.detached) news.unref()
    this.settle.started(this)
  }

  private receiveFds(): void {
    const { fdNames, options } = this.begun
    for (const name of fdNames) {
      const fd = receiveFd(this.console as number)
      if (name === MASTER) this.terminal = terminalOn(fd, options.terminalSize)
      else this.fds = { ...this.fds, [name]: fd }
    }
  }

  /** At the next meeting that has a part for Node. */
  private async nodesTurn(): Promise<void> {
    const stop = new AbortController()
    const abort = () => stop.abort(this.begun.options.signal?.reason)
    this.begun.options.signal?.addEventListener('abort', abort)
    this.learnPid()
    try {
      // The pipe is closed already, and the supervisor on its way out.
      this.begun.options.signal?.throwIfAborted()
      await this.nodesParts.shift()?.act({ pid: this.pid, signal: stop.signal })
      if (this.sync !== undefined) writeSync(this.sync, '1')
    } catch (error) {
      this.failure ??= error
      // Without a byte, the end of the pipe says no.
      this.closeSync()
    } finally {
      this.begun.options.signal?.removeEventListener('abort', abort)
    }
  }

  private closeSync(): void {
    if (this.sync !== undefined) closeSync(this.sync)
    this.sync = undefined
  }

  /** The supervisor has closed the pipe: it has told all, or it was killed. */
  private async over(): Promise<void> {
    const { options } = this.begun
    options.signal?.removeEventListener('abort', this.abort)
    const status = Buffer.alloc(4)
    rawSyscall(syscallNumber('wait4'), [this.supervisor, status, 0, null])
    if (this.log_.resultOf(0) === undefined) this.failure ??= noLog(this.program, status.readInt32LE(0))
    const asPlanned = this.hasStarted && (this.isLeft || (this.exit !== undefined && 'code' in this.exit))
    this.warnings = warningsIn(this.program, (index) => this.log_.resultOf(index))
    if (!asPlanned) await this.investigate()
    if (options.signal?.aborted && !this.hasStarted) this.failure = options.signal.reason
    this.isOver = true
    if (!this.hasStarted && this.failure !== undefined) options.onFailure?.(this.trace())
    this.log_.close()
    this.closeSync()
    if (this.console !== undefined) closeSync(this.console)
    this.console = undefined
    if (this.pidfd !== undefined) closeSync(this.pidfd)
    this.pidfd = undefined
    if (this.failure === undefined) {
      if (!this.hasStarted) this.settle.started(this)
      if (!this.isLeft) this.settle.exited(this.exit as Exit)
      return
    }
    if (!this.hasStarted) {
      for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy()
      for (const fd of Object.values(this.fds)) closeSync(fd)
    }
    this.settle.notStarted(this.failure)
    this.settle.lost(this.failure)
  }

  /** It never started, or was killed, or nobody said how it ended: the log tells why, and what is left to clean. */
  private async investigate(): Promise<void> {
    this.failure ??= setupFailure(this.program, this.log_)
    if (this.exit) {
      if ('signal' in this.exit && !this.hasStarted) {
        this.failure ??= diedDuringSetup(this.program, this.log_, this.exit.signal)
      }
      return
    }
    this.failure ??= new RtError('RT_BROKEN_PROCESS', 'the container’s supervisor was killed: its exit status is lost')
    await this.initGone()
    this.warnings = cleanUp(this.program, this.log_.results())
  }

  /** After the supervisor's death the kernel kills init (pdeathsig); what it held is free once it is dead. */
  private async initGone(): Promise<void> {
    this.learnPid()
    if (this.pidfd === undefined) return
    // A pidfd is readable from death on; the pid itself stays until whoever inherits the process has reaped it.
    const poll = new Int32Array([this.pidfd, POLLIN])
    const noTime = new Uint8Array(16)
    for (let waited = 0; waited < LONGEST_DEATH; waited++) {
      if (rawSyscall(syscallNumber('ppoll'), [new Uint8Array(poll.buffer), 1, noTime, null, 0]) !== 0) return
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  /** By pidfd, so that no signal ever reaches a stranger with the same pid. */
  private learnPid(): void {
    if (this.pid !== 0) return
    this.pid = this.log_.pid('init')
    if (this.pid === 0) return
    const fd = rawSyscall(syscallNumber('pidfd_open'), [this.pid, 0])
    if (fd < 0) return
    // Init may have ended before Node came to this, and its pid be another's: only until the supervisor has reaped it
    // the pid is surely its own.
    if (!this.isReaped()) this.pidfd = fd
    else closeSync(fd)
  }

  private isReaped(): boolean {
    const { reap } = this.program
    return reap !== undefined && this.log_.resultOf(reap) !== undefined
  }

  private readonly abort = (): void => {
    // Before init exists there is nobody to kill: begin() does it then.
    if (!this.isOver) this.kill()
    this.closeSync()
  }

  record(): (number | undefined)[] {
    return this.log_.results()
  }

  trace(): TraceRow[] {
    return traceRows(this.program, this.log_.results(), this.log_.times())
  }

  kill(signal: number | string = SIGNALS.SIGKILL): boolean {
    const number = signalNumber(signal)
    if (number === undefined) throw new RtError('RT_INVALID_OPTION', `no signal is named ${JSON.stringify(signal)}`)
    if (this.isOver) return false
    this.learnPid()
    if (this.pidfd === undefined) return false
    const result = rawSyscall(syscallNumber('pidfd_send_signal'), [this.pidfd, number, null, 0])
    if (result === -ERRNO.ESRCH) return false
    if (result < 0) throw new SyscallError({ syscall: 'pidfd_send_signal', errno: result })
    return true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill()
    // How it ended is for whoever awaits `exited`; here it only has to be over.
    await this.exited.catch(() => undefined)
  }
}
