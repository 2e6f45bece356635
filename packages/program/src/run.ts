import { closeSync, readSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { errnoName, posixSpawn, RtError, rawSyscall, SyscallError, syscall, syscallNumber } from '@rt/sys'
import { assemble, type Program } from './assemble.js'
import { LOG_FD, LOG_HEADER, NOT_RUN, STATUS_FD } from './layout.js'
import type { Plan } from './plan.js'

/** How a container ended. */
export type Exit = { readonly code: number } | { readonly signal: number }

export interface RunOptions {
  /** File descriptors for the container's stdin, stdout and stderr; default: Node's own. */
  readonly stdio?: readonly [number, number, number]
  /** Kills the container. */
  readonly signal?: AbortSignal
}

/** A running container. */
export interface Container {
  /** Init's pid on the host. */
  readonly pid: number
  readonly exited: Promise<Exit>
  /** Send a signal (number) to init; false if it is gone. */
  kill(signal?: number): boolean
  /** Results of the operations so far, in the order of `program.sites`; undefined for those that have not run. */
  log(): (number | undefined)[]
  readonly program: Program
}

const MFD_CLOEXEC = 1
const MFD_ALLOW_SEALING = 2
const MFD_EXEC = 0x10
const F_ADD_SEALS = 1033
const ALL_SEALS = 0xf
const F_DUPFD_CLOEXEC = 1030
const O_CLOEXEC = 0o2000000
const CLD_EXITED = 1

/**
 * Start a plan: its ELF in a sealed memfd, posix_spawn, and a pipe for news. Resolves when init has executed the
 * container's program.
 *
 * @throws SyscallError naming the step and the call that failed during set-up
 */
export async function run(plan: Plan, options: RunOptions = {}): Promise<Container> {
  options.signal?.throwIfAborted()
  const program = assemble(plan, { mode: 'node' })
  const open: number[] = []
  const keep = (fd: number) => (open.push(fd), fd)
  let container: RunningContainer
  try {
    const elf = keep(memfd('rt', MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC))
    writeSync(elf, program.elf)
    syscall('fcntl', elf, F_ADD_SEALS, ALL_SEALS)
    const log = memfd('rt-log', MFD_CLOEXEC)
    const blank = new BigInt64Array((program.logSize - LOG_HEADER) / 8).fill(NOT_RUN)
    writeSync(log, Buffer.concat([Buffer.alloc(LOG_HEADER), new Uint8Array(blank.buffer)]))
    const ends = new Int32Array(2)
    syscall('pipe2', new Uint8Array(ends.buffer), O_CLOEXEC)
    const [statusRead, statusWrite] = [ends[0] as number, keep(ends[1] as number)]
    // dup2 runs in order: a source below 16 could be overwritten by an earlier target.
    const high = (fd: number) => (fd < 16 ? keep(syscall('fcntl', fd, F_DUPFD_CLOEXEC, 16)) : fd)
    const stdio = options.stdio ?? [0, 1, 2]
    const wanted: [number, number][] = [
      ...stdio.map((fd, to): [number, number] => [fd === to ? fd : high(fd), to]),
      [high(statusWrite), STATUS_FD],
      [high(log), LOG_FD],
    ]
    const supervisor = posixSpawn({ file: `/proc/self/fd/${elf}`, argv: ['rt'], env: [], dup2: wanted })
    container = new RunningContainer(program, supervisor, log, statusRead, options.signal)
  } finally {
    // Before waiting: while Node holds the writing end itself, the news never end.
    for (const fd of open) closeSync(fd)
  }
  return container.started
}

function memfd(name: string, flags: number): number {
  const fd = rawSyscall(syscallNumber('memfd_create'), [name, flags])
  // MFD_EXEC is known since Linux 6.3 and assumed before.
  if (fd === -22 && flags & MFD_EXEC) return syscall('memfd_create', name, flags & ~MFD_EXEC)
  return fd < 0 ? syscall('memfd_create', name, flags) : fd
}

class RunningContainer implements Container {
  readonly exited: Promise<Exit>
  readonly started: Promise<Container>
  pid = 0
  private done = false

  constructor(
    readonly program: Program,
    private readonly supervisor: number,
    private readonly logFd: number,
    statusFd: number,
    signal?: AbortSignal,
  ) {
    const news = new Socket({ fd: statusFd, readable: true, writable: false })
    let resolveStarted!: (container: Container) => void
    let rejectStarted!: (error: unknown) => void
    let resolveExited!: (exit: Exit) => void
    let rejectExited!: (error: unknown) => void
    this.started = new Promise((resolve, reject) => {
      resolveStarted = resolve
      rejectStarted = reject
    })
    this.exited = new Promise((resolve, reject) => {
      resolveExited = resolve
      rejectExited = reject
    })
    // A failed set-up is told by `started`; whoever awaits `exited` too gets it there.
    this.exited.catch(() => undefined)
    let pending: Buffer = Buffer.alloc(0)
    let exit: Exit | undefined
    const abort = () => this.kill()
    signal?.addEventListener('abort', abort)
    news.on('data', (bytes: Buffer) => {
      pending = pending.length ? Buffer.concat([pending, bytes]) : bytes
      for (; pending.length >= 32; pending = pending.subarray(32)) {
        if (pending.readUInt32LE(0) === 1) {
          this.readPid()
          const failure = this.failure()
          if (!failure) resolveStarted(this)
        } else if (pending.readUInt32LE(0) === 17) {
          const status = pending.readInt32LE(24)
          exit = pending.readInt32LE(8) === CLD_EXITED ? { code: status } : { signal: status }
        }
      }
    })
    news.on('error', (error) => {
      rejectStarted(error)
      rejectExited(error)
    })
    news.on('close', () => {
      signal?.removeEventListener('abort', abort)
      this.done = true
      rawSyscall(syscallNumber('wait4'), [this.supervisor, null, 0, null])
      const failure = this.failure()
      if (!failure && exit) resolveExited(exit)
      else {
        const error = failure ?? new RtError('RT_BROKEN_PROCESS', 'the supervisor died without a word')
        rejectStarted(error)
        rejectExited(error)
      }
      this.results = this.log()
      closeSync(this.logFd)
    })
  }

  private results: (number | undefined)[] | undefined

  private readPid(): void {
    const bytes = Buffer.alloc(4)
    readSync(this.logFd, bytes, 0, 4, 0)
    this.pid = bytes.readInt32LE(0)
  }

  log(): (number | undefined)[] {
    if (this.results) return this.results
    const bytes = new BigInt64Array(this.program.sites.length)
    readSync(this.logFd, new Uint8Array(bytes.buffer), 0, bytes.byteLength, LOG_HEADER)
    return Array.from(bytes, (value) => (value === NOT_RUN ? undefined : Number(value)))
  }

  kill(signal = 9): boolean {
    if (this.done) return false
    if (!this.pid) this.readPid()
    return this.pid > 0 && rawSyscall(syscallNumber('kill'), [this.pid, signal]) === 0
  }

  /** The operation that ended the set-up, if one did. */
  private failure(): RtError | undefined {
    const results = this.log()
    const index = this.program.sites.findIndex((site, i) => {
      const result = results[i]
      if (!site.fatal || result === undefined || result >= 0 || result < -4095) return false
      const { instruction } = site
      if (instruction.kind !== 'call') return true
      const name = errnoName(-result)
      return !(instruction.tolerate?.includes(name as never) || (name && instruction.onError?.[name] !== undefined))
    })
    const site = this.program.sites[index]
    if (!site) return undefined
    const step = this.program.plan.steps[site.step]
    const { instruction } = site
    const where = { step: step?.name ?? 'frame', origin: step?.origin }
    if (instruction.kind === 'fail') {
      return new RtError('RT_UNSAFE', instruction.message, { ...where, hint: instruction.hint })
    }
    if (instruction.kind !== 'call') return undefined
    const shown = instruction.args.map((arg) => (typeof arg === 'object' && arg !== null ? '…' : JSON.stringify(arg)))
    return new SyscallError({
      ...where,
      syscall: instruction.call,
      errno: -(results[index] as number),
      call: `${instruction.call}(${shown.join(', ')})`,
    })
  }
}
