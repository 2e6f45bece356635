import { CLD_EXITED, errnoName, RtError, SyscallError } from '@rt/sys'
import type { Program } from '../assemble/assemble.js'
import { describeCall } from '../explain/describe.js'
import { Naming } from '../explain/naming.js'
import type { ErrnoName, Fail } from '../language/instruction.js'
import type { Log } from './log.js'

export type Results = readonly (number | undefined)[]

/**
 * The operation that ended the set-up, as the error that says so; undefined if none failed. What a child has met with is
 * the cause of what its parent then says.
 */
export function setupFailure(program: Program, log: Log): RtError | undefined {
  const { processes } = program
  for (let i = processes.length - 1; i >= 0; i--) {
    const failed = log.failed(processes[i] as string)
    if (failed !== undefined) return operationFailure(program, failed, log.results(), (name) => log.keptAs(name))
  }
  return undefined
}

/**
 * The failure of the first operation, which maps the log: no result tells of it, only what the supervisor exited with
 * (see assembleSections).
 *
 * @param status of wait(2): of a supervisor that has left an empty log
 */
export function noLog(program: Program, status: number): RtError | undefined {
  const exited = (status & 0x7f) === 0 ? (status >> 8) & 0xff : 0
  return exited === 0 ? undefined : operationFailure(program, 0, [exited - 0x100])
}

/** What the steps had to say at the end, see {@link Warn}: each operation that was reached has a result. */
export function warningsIn(
  { plan, sites }: Pick<Program, 'plan' | 'sites'>,
  resultOf: (index: number) => number | undefined,
): string[] {
  const warnings: string[] = []
  sites.forEach(({ instruction, step }, i) => {
    if (instruction.kind !== 'warn' || resultOf(i) === undefined) return
    warnings.push(`${plan.steps[step]?.name ?? 'set-up'}: ${instruction.message}`)
  })
  return warnings
}

/** The error of one operation, with the values that its words had. */
export function operationFailure(
  program: Pick<Program, 'arch' | 'plan' | 'sites'>,
  index: number,
  results: Results,
  keptAs: (name: string) => Buffer | undefined = () => undefined,
): RtError {
  const site = program.sites[index] as Program['sites'][number]
  if (site.standsFor !== undefined) return operationFailure(program, site.standsFor, results, keptAs)
  const step = program.plan.steps[site.step]
  const { instruction } = site
  const where = { step: step?.name ?? 'set-up', origin: step?.origin }
  if (instruction.kind === 'fail') {
    const message = `${instruction.message}${toldBy(instruction, keptAs)}`
    return new RtError(instruction.code ?? 'RT_UNSAFE', message, { ...where, hint: instruction.hint })
  }
  const errno = -(results[index] ?? 0)
  if (instruction.kind !== 'call') {
    return new RtError('RT_BROKEN_PROCESS', `operation ${index} of the program failed with ${errno}`, where)
  }
  const naming = new Naming(program.sites)
  const word = (name: string) => {
    const saved = naming.savedAt(name, index)
    const text = saved && cellText(program, naming, results, saved.index)
    return saved && { value: results[saved.index], of: saved.of, ...(text === undefined ? {} : { text }) }
  }
  const [path, dest] = instruction.args
    .map((value) => (typeof value === 'object' && value !== null && 'ref' in value ? word(value.ref)?.text : value))
    .filter((value): value is string => typeof value === 'string' && value !== '')
  const takesPath =
    /^(open|mount|umount|move_|mk|exec|chdir|chroot|unlink|symlink|link|rename|read?link|pivot|.*stat|fch)/
  return new SyscallError({
    ...where,
    syscall: instruction.call,
    errno,
    call: describeCall(instruction, { arch: program.arch, word }),
    hint: instruction.hints?.[errnoName(errno) as ErrnoName],
    ...(takesPath.test(instruction.call) ? { path, dest } : {}),
  })
}

/**
 * What init was doing when it died during the set-up: a killer from outside (the OOM killer under a memory limit that
 * is too small for the start, most often). undefined if it had come as far as execve.
 */
export function diedDuringSetup(program: Program, log: Log, signal: number): RtError | undefined {
  const { sites, plan } = program
  // The last process of init's side to take up the way: with a reaping init the child that goes on to the execve.
  const line = [...new Set(sites.flatMap((site) => (site.side === 'init' && !site.outOfLine ? [site.process] : [])))]
  const last = line.reverse().find((process) => log.at(process) !== undefined)
  const site = sites[(last === undefined ? undefined : log.at(last)) ?? -1]
  if (site && isExec(site)) return undefined
  const step = site && plan.steps[site.step]
  return new RtError('RT_BROKEN_PROCESS', `the container's init was killed by signal ${signal} while it was set up`, {
    step: step?.name,
    origin: step?.origin,
    hint: 'if there is a memory limit, it may be too small for the start: the kernel’s log (dmesg) tells of an OOM kill',
  })
}

const isExec = ({ instruction, helper }: Program['sites'][number]): boolean =>
  helper === undefined &&
  instruction.kind === 'call' &&
  (instruction.call === 'execve' || instruction.call === 'execveat')

/**
 * The text that a load has taken from a table, whose row another instruction counts: in a loop nothing else says which
 * one it was.
 */
function cellText(
  { sites }: Pick<Program, 'sites'>,
  naming: Naming,
  results: Results,
  index: number,
): string | undefined {
  const loaded = sites[index]?.instruction
  if (loaded?.kind !== 'load' || typeof loaded.base !== 'object' || loaded.base === null || !('ref' in loaded.base)) {
    return undefined
  }
  const row = naming.savedAt(loaded.base.ref, index)
  const found = row && sites[row.index]?.instruction
  if (found?.kind !== 'compute' || typeof found.base !== 'object' || found.base === null) return undefined
  const { base, left } = found
  if (!('table' in base) || typeof left !== 'object' || left === null || !('ref' in left)) return undefined
  const counter = naming.savedAt(left.ref, row?.index ?? index)
  const number = counter && results[counter.index]
  const cell = number === undefined ? undefined : base.table[number]?.[Number(loaded.left ?? 0) / 8]
  return typeof cell === 'string' ? cell : undefined
}

/** What a program said that a step has run, and how it ended. */
function toldBy({ told }: Fail, keptAs: (name: string) => Buffer | undefined): string {
  if (!told) return ''
  const { status, output } = told
  const info = status === undefined ? undefined : keptAs(status)
  const said = output === undefined ? undefined : keptAs(output)
  const text = said
    ?.subarray(0, said.indexOf(0) < 0 ? said.length : said.indexOf(0))
    .toString()
    .trim()
  const ended = info && `${info.readInt32LE(8) === CLD_EXITED ? ': exit status' : ': signal'} ${info.readInt32LE(24)}`
  return `${ended ?? ''}${text ? `: ${text}` : ''}`
}
