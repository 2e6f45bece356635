import { type Arch, errnoNumber, RtError, SETUP_FAILED, syscallNumber } from '@rt/sys'
import {
  type Branch,
  type Call,
  type Clone,
  type Compute,
  call,
  type ErrnoName,
  type Instruction,
  type Load,
  label,
  ref,
  type Value,
} from '../language/instruction.js'
import { PIDFD } from '../language/vocabulary.js'
import type { Section } from '../lifecycle/section.js'
import { NO_CALL, OP_BRANCH, OP_COMPUTE, OP_LOAD } from './layout.js'
import { Memory, type Place } from './memory.js'
import { isIndirect, type Operand, Operands, type Store, scoped } from './operands.js'
import type { Operation, Side, Site, Target } from './operation.js'
import { birthRegion, LATCH, mapRegion, ownRegion } from './own-log.js'

/** siginfo_t: si_signo 0, si_code SI_USER. */
const NO_SIGINFO = new Uint8Array(128)

/** What one of a clone's two processes does out of line: laid behind everything else. */
interface Aside {
  readonly entry: string
  readonly instructions: readonly Instruction[]
  readonly section: Section
  readonly process: string
  /** Of its parent, which has its own region mapped again, and the child's pid to note. */
  readonly arrival: () => void
}

/** Turns instructions into operations; addresses stay symbolic until {@link link} (link.ts) writes them. */
export class Assembler {
  readonly operations: Operation[] = []
  readonly labels = new Map<string, number>()
  readonly memory = new Memory()
  /** In the order of their regions of the log, see own-log.ts. */
  readonly processes: string[] = ['supervisor']
  /** Operations that note which one has failed. */
  readonly latches: number[] = []
  private readonly operands = new Operands(this.memory)
  /** Takes the results that nobody asked for. */
  readonly scratch: Place = this.memory.data('$scratch', 8)
  private readonly asides: Aside[] = []
  /** Where each clone leads that fails. */
  private readonly notCloned: (() => void)[] = []
  /** Who goes the way of each side: after a clone whose parent goes aside it is the child. */
  private readonly goesOn: Record<Side, string> = { supervisor: 'supervisor', init: 'init' }

  /** @param ownLogs each process maps a region of the log that Node shares */
  constructor(
    private readonly arch: Arch,
    private readonly ownLogs = false,
  ) {
    // The kernel writes an int there, and the frame reads the word: its upper half must be zero, unlike other words'.
    this.memory.data(PIDFD, 8)
  }

  section(section: Section): void {
    this.instructions(section, section.instructions, () => ({
      process: section.runBy ?? this.goesOn[section.process],
    }))
  }

  /** What the processes of clones do out of line; a failure there ends that process alone. */
  finish(): void {
    for (let aside = this.asides.shift(); aside; aside = this.asides.shift()) {
      const { entry, instructions, process, section, arrival } = aside
      const failTo = `$failed in ${process} ${entry}`
      this.labels.set(entry, this.operations.length)
      arrival()
      const own = { ...section, failTo, lenient: false }
      // A mere jump can't fail.
      const end = instructions.every(({ kind }) => kind === 'goto')
        ? []
        : [label(failTo), LATCH, call('exit_group', [SETUP_FAILED])]
      this.instructions(own, [...instructions, ...end], () => ({ process, outOfLine: true }))
    }
    for (const lay of this.notCloned) lay()
  }

  private instructions(
    section: Section,
    instructions: readonly Instruction[],
    who: () => Pick<Site, 'process' | 'outOfLine'>,
  ): void {
    const { step } = section
    const scope = `${step}.`
    // By index, here and below: until it is compiled, a `for … of` makes an object for each element.
    for (let i = 0; i < instructions.length; i++) {
      const instruction = instructions[i] as Instruction
      const { process, outOfLine } = who()
      const site: Site = {
        process,
        side: section.process,
        step,
        instruction,
        fatal: isFatal(instruction, section),
        ...(outOfLine ? { outOfLine } : {}),
      }
      switch (instruction.kind) {
        case 'label':
          this.define(scoped(instruction.name, scope))
          break
        case 'goto':
          this.push(OP_COMPUTE, [0, 0, 0], 0, site, scoped(instruction.to, scope))
          break
        case 'call':
          this.call(instruction, section, scope, site)
          break
        case 'clone':
          this.clone(instruction, section, scope, site)
          break
        case 'branch':
          this.branch(instruction, scope, site)
          break
        case 'compute':
        case 'load':
          if (instruction === LATCH) this.latches.push(this.operations.length)
          this.compute(instruction, scope, site)
          break
        case 'fail':
          // The sentence is found through the site.
          this.push(NO_CALL, [], 0, site, undefined, section.failTo)
          break
        case 'warn':
          // That it ran is all: its sentence is found through the site.
          this.push(OP_COMPUTE, [0, 0, 0], 0, site)
          break
      }
    }
  }

  /** @throws RtError RT_PROGRAM if the label is there already: a jump would go to one of the two */
  private define(name: string): void {
    if (this.labels.has(name)) throw new RtError('RT_PROGRAM', `label ${JSON.stringify(name)} is defined twice`)
    this.labels.set(name, this.operations.length)
  }

  /** @param indirect bit i: argument i is read from memory */
  push(
    number: number,
    args: Operation['arguments'],
    indirect: number,
    site: Site,
    next?: Target,
    failed?: Target,
    save: Place = this.scratch,
  ): void {
    this.operations.push({ call: number, arguments: args, indirect, save, next, failed, site })
  }

  private branch(instruction: Branch, scope: string, site: Site): void {
    const value = this.operands.operand(instruction.value, scope)
    const target = (name: string | undefined): Target => (name === undefined ? undefined : scoped(name, scope))
    this.push(
      OP_BRANCH,
      [value, instruction.mask ?? -1, instruction.equals],
      isIndirect(instruction.value) ? 1 : 0,
      site,
      target(instruction.then),
      target(instruction.else),
    )
  }

  private compute(instruction: Compute | Load, scope: string, site: Site): void {
    const { base, left = 0, right = 0 } = instruction
    const args = [
      this.operands.operand(base, scope),
      this.operands.operand(left, scope),
      this.operands.operand(right, scope),
    ]
    const bits = (isIndirect(base) ? 1 : 0) | (isIndirect(left) ? 2 : 0) | (isIndirect(right) ? 4 : 0)
    // The result may look like an errno: both ways lead on.
    this.push(
      instruction.kind === 'load' ? OP_LOAD : OP_COMPUTE,
      args,
      bits,
      site,
      undefined,
      undefined,
      this.operands.saved(instruction.save, scope),
    )
  }

  /**
   * Clone, and lead one of the two aside:
   *
   *     mmap the birth's region          (with logs of their own)
   *     clone                            fails: mmap the own region again, and fail in the clone's name
   *     is it 0, the child?              one of the two goes aside
   *     mmap the own region              (both, each its own)
   *     the pid, in the parent's log     (the birth's word was written by both)
   */
  private clone(instruction: Clone, section: Section, scope: string, site: Site): void {
    const { call: name, args, save, process: child, why, hints } = instruction
    if (instruction.shares !== undefined) {
      this.share(instruction, instruction.shares, section, scope, site)
      return
    }
    const isChildAside = instruction.child !== undefined
    if (isChildAside === (instruction.parent !== undefined)) {
      throw new RtError('RT_PROGRAM', `a clone says what either its child or its parent does, and not both`)
    }
    const parent = site.process
    if (this.processes.includes(child)) {
      throw new RtError('RT_PROGRAM', `two processes are named ${JSON.stringify(child)}`)
    }
    if (!isChildAside && site.outOfLine) {
      throw new RtError('RT_PROGRAM', `${parent}, which is out of line itself, can't go aside of its child`)
    }
    const number = this.processes.push(child) - 1
    const [own, pid] = [ownRegion(this.processes.indexOf(parent)), save ?? `$pid of ${child}`]
    const asCall = call(name, args, { save: pid, ...(why ? { why } : {}), ...(hints ? { hints } : {}) })
    const born: Site = { ...site, instruction: asCall, fatal: true, ...(this.ownLogs ? { birthOf: child } : {}) }
    const childs: Site = { ...site, process: child, fatal: false, helper: 'a log of its own' }
    const parents: Site = { ...site, fatal: false, helper: 'its own log again' }
    const map = (region: number, at: Site): void => {
      if (this.ownLogs) this.push(syscallNumber('mmap', this.arch), mapRegion(region), 0, at)
    }
    const [entry, failed] = [`$aside ${child}`, `$no ${child}`]
    map(birthRegion(number), { ...born, fatal: false, helper: `the log of ${child}'s birth` })
    const at = this.systemCall(asCall, scope, born, undefined, this.ownLogs ? failed : section.failTo)
    const result = this.operands.saved(pid, scope)
    const isChild: Site = { ...born, fatal: false, helper: 'is it the child?' }
    const [then, otherwise] = isChildAside ? [entry, undefined] : [undefined, entry]
    this.push(OP_BRANCH, [result, -1, 0], 1, isChild, then, otherwise)
    const arrive = {
      child: () => map(ownRegion(number), childs),
      parent: () => {
        map(own, parents)
        if (this.ownLogs)
          this.push(OP_COMPUTE, [result, 0, 0], 1, { ...parents, helper: PID_OF + child }, undefined, undefined, result)
      },
    }
    arrive[isChildAside ? 'parent' : 'child']()
    this.asides.push({
      entry,
      section,
      instructions: (isChildAside ? instruction.child : instruction.parent) ?? [],
      process: isChildAside ? child : parent,
      arrival: arrive[isChildAside ? 'child' : 'parent'],
    })
    if (!isChildAside) this.goesOn[section.process] = child
    if (!this.ownLogs) return
    this.notCloned.push(() => {
      this.labels.set(failed, this.operations.length)
      map(own, parents)
      this.push(NO_CALL, [], 0, { ...born, helper: 'as the clone', standsFor: at }, undefined, section.failTo)
    })
  }

  /**
   * Clone into the same memory. What the two see in it is the same, and which of them writes last is chance; so they are
   * told apart by what the kernel answers: a process may send a signal with a siginfo as of kill(2) to itself alone
   * (rt_sigqueueinfo(2)), and signal 0 is none. In the child that works.
   */
  private share(instruction: Clone, pidfd: string, section: Section, scope: string, site: Site): void {
    const { call: name, args, process: child, why, child: instructions = [] } = instruction
    this.systemCall(call(name, args, { ...(why ? { why } : {}) }), scope, site, undefined, section.failTo)
    const isChild: Site = { ...site, fatal: false, helper: 'is it the child?' }
    const entry = `$aside ${child}`
    const own = [this.operands.operand(ref(pidfd), scope), 0, this.memory.constant(NO_SIGINFO), 0]
    const parents = this.operations.length + 1
    this.push(syscallNumber('pidfd_send_signal', this.arch), own, 1, isChild, entry, parents)
    this.asides.push({ entry, section, instructions, process: site.process, arrival: () => undefined })
  }

  private call(instruction: Call, section: Section, scope: string, site: Site): void {
    if (FORKS.has(instruction.call)) {
      throw new RtError('RT_PROGRAM', `${instruction.call} is no ordinary call: two processes would write one log`, {
        hint: 'use clone() of @rt/program, which gives each its own',
      })
    }
    const { tolerate, onError, save: saved } = instruction
    if (section.lenient || tolerate === 'any') {
      this.systemCall(instruction, scope, site)
      return
    }
    const other = onError?.['*']
    const fallback = other === undefined ? section.failTo : scoped(other, scope)
    const tolerated = tolerate?.length ?? 0
    const led = onError === undefined ? [] : Object.keys(onError).filter((errno) => errno !== '*')
    const errnos = [...(tolerate ?? []), ...led] as ErrnoName[]
    if (errnos.length === 0) {
      this.systemCall(instruction, scope, site, undefined, fallback)
      return
    }
    // The call skips the comparisons if it worked; else they run one after the other on the result, which therefore
    // must not lie where the comparisons' own results go.
    const result = saved === undefined ? this.memory.data('$result', 8) : this.operands.saved(saved, scope)
    const first = this.systemCall(instruction, scope, site, 1 + errnos.length, 1, result) + 1
    const after = first + errnos.length
    errnos.forEach((errno, i) => {
      const otherwise = i + 1 < errnos.length ? first + i + 1 : fallback
      this.push(
        OP_BRANCH,
        [result, -1, -errnoValue(errno)],
        1,
        { ...site, fatal: false, helper: `is it ${errno}?` },
        i < tolerated ? after : scoped(onError?.[errno] as string, scope),
        otherwise,
      )
    })
  }

  /**
   * The call itself, after the words that its structs take have been copied.
   *
   * @param next, failed where it leads: numbers count from the call
   * @returns its index
   */
  private systemCall(
    { call: name, args: values, save }: Call,
    scope: string,
    site: Site,
    next?: number,
    failed?: number | string,
    into?: Place,
  ): number {
    const args = new Array<Operand>(values.length)
    let bits = 0
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as Value
      args[i] = this.operands.operand(value, scope)
      if (isIndirect(value)) bits |= 1 << i
    }
    const stores = this.operands.takeStores()
    for (let i = 0; i < stores.length; i++) {
      const { to, from } = stores[i] as Store
      this.push(OP_COMPUTE, [from, 0, 0], 1, { ...site, fatal: false, helper: 'copy a word' }, undefined, undefined, to)
    }
    const index = this.operations.length
    const result = into ?? (save === undefined ? this.scratch : this.operands.saved(save, scope))
    this.push(
      syscallNumber(name, this.arch),
      args,
      bits,
      site,
      next === undefined ? undefined : index + next,
      typeof failed === 'number' ? index + failed : failed,
      result,
    )
    return index
  }
}

/** A helper operation that has the child's pid as its result: in its parent's own log. */
export const PID_OF = 'the pid of '

const FORKS: ReadonlySet<string> = new Set(['clone', 'clone3', 'fork', 'vfork'])

/** A failure of it ends the set-up: of a call, unless all its errors are led away. */
function isFatal(instruction: Instruction, { lenient }: Section): boolean {
  if (instruction.kind !== 'call') return instruction.kind === 'fail'
  return !lenient && instruction.tolerate !== 'any' && instruction.onError?.['*'] === undefined
}

function errnoValue(name: string): number {
  const value = errnoNumber(name)
  if (value === undefined) throw new RtError('RT_PROGRAM', `no errno is named ${name}`)
  return value
}
