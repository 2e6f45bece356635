import { closeSync } from 'node:fs'
import { addressOf, ERRNO, hostArch, RtError, rawSyscall } from '@rt/sys'
import { assembleSections, type Program } from '../assemble/assemble.js'
import type { Assembler } from '../assemble/assembler.js'
import { NO_CALL, OP_BRANCH, OP_COMPUTE, OP_LOAD, OP_SIZE } from '../assemble/layout.js'
import { link } from '../assemble/link.js'
import type { Site } from '../assemble/operation.js'
import type { Instruction } from '../language/instruction.js'
import { frameOfOne } from '../lifecycle/frame.js'
import type { Section } from '../lifecycle/section.js'
import { checkWords } from '../plan/check-plan.js'
import { MOMENTS, type Plan, type Step, type StepList, sequence } from '../plan/plan.js'
import { operationFailure, type Results, warningsIn } from './failure.js'
import { type KnownWords, opensFd, savedWords } from './saved-words.js'

/** What {@link apply} leaves in the caller's hands. */
export interface Applied {
  /** What the word holds: fds that steps have saved are open, and are now the caller's. */
  word(name: string): number
  /**
   * Run the steps' `host.gone` moment. Its failures are not errors: what it takes away may be gone.
   *
   * @returns what the steps say could not be taken away
   */
  after(): string[]
}

/**
 * Do a plan's steps in the calling thread, for who wants one mount and not a container: the machine is played by Node,
 * call by call. What clone would have given (CLONE_NEW* flags of steps) is made by unshare(2), which the other threads
 * of Node don't follow: asynchronous fs calls still see the old namespaces.
 *
 * A step that meets the host side, or hands a terminal to Node, has no place here.
 *
 * If a step fails, the fds that were opened are closed and `host.gone` is run. Namespaces that were unshared, and
 * mounts that were attached, stay.
 *
 * @throws SyscallError as of {@link run}; RtError RT_PROGRAM for a step with a meeting
 */
export function apply(...lists: StepList[]): Applied {
  const plan = sequence(...lists)
  const twoSided = plan.steps.find((step) => step.meets?.length || step.terminal)
  if (twoSided) {
    throw new RtError('RT_PROGRAM', 'this step needs a second process; it can be run, but not applied', {
      step: twoSided.name,
      origin: twoSided.origin,
    })
  }
  const cloning = plan.steps.find((step) =>
    MOMENTS.some((moment) => step[moment]?.some(({ kind }) => kind === 'clone')),
  )
  if (cloning) {
    throw new RtError('RT_PROGRAM', 'this step makes a process; it can be run, but not applied', {
      step: cloning.name,
      origin: cloning.origin,
    })
  }
  const sections = frameOfOne(plan)
  checkWords(plan, sections)
  const machine = new Machine(plan, sections)
  try {
    machine.run()
  } catch (error) {
    machine.closeFds()
    cleanUp({ plan, sites: machine.sites }, machine.results)
    throw error
  }
  return {
    word: (name) => machine.word(name),
    after: () => applyAfter(plan, savedWords(machine, machine.results, true)),
  }
}

const gone = (step: Step): readonly Instruction[] => step['host.gone'] ?? []

/** Where failures lead, see frame.ts. */
const FAILED = '$failed'

/** `host.gone` alone, with what earlier moments have saved: it may ask which calls of theirs made something. */
function applyAfter(plan: Plan, words: KnownWords): string[] {
  const sections: Section[] = plan.steps.flatMap((step, index) =>
    gone(step).length > 0
      ? [{ process: 'supervisor' as const, step: index, instructions: gone(step), failTo: FAILED, lenient: true }]
      : [],
  )
  if (sections.length === 0) return []
  const machine = new Machine(plan, sections, words)
  machine.run()
  machine.closeFds()
  return warningsIn(machine, (index) => machine.results[index])
}

/**
 * What a killed supervisor would have taken away: Node plays `host.gone`. Which directories the program had made
 * is known from the log alone: a mark on them could be forged by whoever was inside, or not be set yet.
 *
 * @returns what the steps say could not be taken away
 */
export const cleanUp = (program: Pick<Program, 'plan' | 'sites'>, results: Results): string[] =>
  applyAfter(program.plan, savedWords(program, results, false))

/** The machine of vm/vm.c, played by Node on memory of its own. */
class Machine {
  readonly results: (number | undefined)[] = []
  readonly sites: readonly Site[]
  private readonly fds = new Set<number>()
  private readonly assembler: Assembler
  private readonly constants: Buffer
  private readonly data: Buffer
  /** What steps keep for Node: who applies them has no use for it. */
  private readonly kept: Buffer
  private readonly dataBase: bigint
  private readonly constBase: bigint

  constructor(
    readonly plan: Plan,
    sections: readonly Section[],
    words: KnownWords = new Map(),
  ) {
    this.assembler = assembleSections(sections, hostArch(), undefined)
    const { operations, labels, memory } = this.assembler
    this.sites = operations.map((operation) => operation.site)
    if (!labels.has('$end')) labels.set('$end', operations.length)
    // Behind the end: whoever comes there has failed.
    labels.set(FAILED, operations.length + 1)
    memory.layOut()
    // Addresses are those of buffers that are there first. The memory of a Buffer never moves.
    const size = operations.length * OP_SIZE + memory.constantSize
    this.constants = Buffer.alloc(size)
    this.data = Buffer.alloc(memory.writableSize)
    this.kept = Buffer.alloc(Math.max(memory.keptSize, 8))
    this.constBase = addressOf(this.constants)
    this.dataBase = addressOf(this.data)
    const addresses = { constants: this.constBase, data: this.dataBase, kept: addressOf(this.kept) }
    const image = link(this.assembler, { arch: hostArch() }, () => addresses)
    image.constants.copy(this.constants)
    image.data.copy(this.data)
    for (const [name, value] of words) {
      const place = memory.find(name)
      if (place) this.data.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)), place.offset)
    }
  }

  run(): void {
    const { sites } = this
    let failed = 0
    for (let i = 0; i < sites.length; ) {
      const base = i * OP_SIZE
      const call = this.constants.readInt32LE(base)
      const indirect = this.constants.readUInt32LE(base + 4)
      const args = [0, 1, 2, 3, 4, 5].map((k) => {
        const word = this.constants.readBigUInt64LE(base + 24 + k * 8)
        return (indirect >> k) & 1 ? this.load(word) : word
      }) as [bigint, bigint, bigint, bigint, bigint, bigint]
      let result: bigint
      if (call === NO_CALL) result = BigInt(-ERRNO.ENOSYS)
      else if (call >= 0) result = BigInt(rawSyscall(call, args))
      else if (call === OP_BRANCH) result = (args[0] & args[1]) === args[2] ? 0n : -1n
      else if (call === OP_COMPUTE) result = BigInt.asIntN(64, args[0] + args[1] * args[2])
      else if (call === OP_LOAD) result = this.load(BigInt.asUintN(64, args[0] + args[1] * args[2]))
      else throw new RtError('RT_PROGRAM', `operation ${i} has the unknown kind ${call}`)
      this.results[i] = Number(result)
      this.store(this.constants.readBigUInt64LE(base + 16), result)
      this.remember(sites[i] as Site, Number(BigInt.asIntN(32, args[0])), Number(result))
      const isError = result < 0n && result >= -4095n
      if (isError && call >= 0) failed = i
      i = this.constants.readUInt32LE(base + (isError ? 12 : 8))
      if (i > sites.length) {
        throw operationFailure({ arch: hostArch(), plan: this.plan, sites }, failed, this.results)
      }
    }
  }

  private remember({ instruction, helper }: Site, first: number, result: number): void {
    if (instruction.kind !== 'call' || helper !== undefined || result < 0) return
    if (opensFd(instruction)) this.fds.add(result)
    else if (instruction.call === 'close') this.fds.delete(first)
  }

  /** Close what was opened and not closed yet. */
  closeFds(): void {
    for (const fd of this.fds) closeSync(fd)
    this.fds.clear()
  }

  word(name: string): number {
    for (const scope of ['', ...this.plan.steps.map((_, i) => `${i}.`)]) {
      const place = this.assembler.memory.find(scope + name)
      if (place) return Number(this.data.readBigInt64LE(place.offset))
    }
    throw new RtError('RT_PROGRAM', `no step saves a word ${JSON.stringify(name)}`)
  }

  private load(address: bigint): bigint {
    const at = Number(address - this.dataBase)
    if (at >= 0 && at + 8 <= this.data.length) return this.data.readBigUInt64LE(at)
    const constant = Number(address - this.constBase)
    if (constant >= 0 && constant + 8 <= this.constants.length) return this.constants.readBigUInt64LE(constant)
    throw new RtError('RT_PROGRAM', `a load from 0x${address.toString(16)}, which is no memory of the program`)
  }

  private store(address: bigint, value: bigint): void {
    this.data.writeBigInt64LE(BigInt.asIntN(64, value), Number(address - this.dataBase))
  }
}
