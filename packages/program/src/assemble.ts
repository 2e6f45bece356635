import {
  type Arch,
  hostArch,
  MAP_FIXED,
  MAP_SHARED,
  type OptionKeys,
  PROT_READ,
  PROT_WRITE,
  RtError,
  refuseUnknownOptions,
  syscallNumber,
} from '@rt/sys'
import { Assembler } from './assembler.js'
import { checkPlan } from './check-plan.js'
import { writeElf } from './elf.js'
import type { Fault } from './fault.js'
import { sectionsFor } from './for-arch.js'
import { frame, type Section } from './frame.js'
import { call } from './instruction.js'
import { CONST_BASE, DATA_BASE, LOG_BASE, LOG_FD, LOG_HEADER } from './layout.js'
import { link, timePlace } from './link.js'
import type { Site, Target } from './operation.js'
import type { Plan } from './plan.js'
import { reportFailures } from './report.js'

export interface AssembleOptions {
  /** `node`: started by `run`, tells Node how it goes; `standalone`: an executable of its own. */
  readonly mode: 'node' | 'standalone'
  /** Default: this machine's. */
  readonly arch?: Arch | undefined
  /** The container outlives Node. */
  readonly detached?: boolean | undefined
  /** Read the clock before every operation. */
  readonly traced?: boolean | undefined
  /** Make one operation go wrong. */
  readonly fault?: Fault | undefined
}

/** An executable image and what is needed to read its log. */
export interface Program {
  readonly arch: Arch
  readonly plan: Plan
  readonly elf: Buffer
  /** One per operation. A fault names an operation by its index here. */
  readonly sites: readonly Site[]
  /** Where an operation leads on success and on failure, by index; made when asked for. */
  readonly flow: () => readonly (readonly [next: number, failed: number])[]
  readonly traced: boolean
  /** Result words in the log. */
  readonly slots: number
  /** Bytes of the log. */
  readonly logSize: number
}

/** Bytes kept free between the segments. */
const GAP = 0x20000

const OPTIONS: OptionKeys<AssembleOptions> = { mode: true, arch: true, detached: true, traced: true, fault: true }

/**
 * Turn a plan into a program: labels become indices, names become addresses, calls become numbers of the architecture.
 *
 * @throws RtError RT_PROGRAM for a label that nothing defines, a struct field that doesn't exist and the like, and for a
 *   plan that is wrong as a whole (see check-plan.ts), naming the step; RT_INVALID_OPTION for text with a NUL; RT_LIMIT if it gets too large
 */
export function assemble(plan: Plan, options: AssembleOptions): Program {
  refuseUnknownOptions('assemble', options, OPTIONS)
  const arch = options.arch ?? hostArch()
  const traced = options.traced ?? false
  const sections = frame(plan, options)
  const assembler = assembleSections(sections, arch, options.mode === 'node')
  checkPlan(plan, sections, assembler)
  if (options.mode === 'standalone') reportFailures(assembler, plan, arch)
  const sites = assembler.operations.map((operation) => operation.site)
  const { constants, data, initialDataSize, slots } = link(assembler, { arch, traced, fault: options.fault })
  if (CONST_BASE + constants.length + GAP > DATA_BASE || DATA_BASE + constants.length + data.length + GAP > LOG_BASE) {
    throw new RtError('RT_LIMIT', `the program is too large: ${constants.length} bytes of operations and text`, {
      hint: 'arguments, environment and options together may take some 15 MiB; the kernel takes less anyway',
    })
  }
  const logSize = traced ? timePlace(slots, slots) : LOG_HEADER + slots * 8
  const flow = () => flowOf(assembler)
  return {
    arch,
    plan,
    elf: writeElf(arch, constants, { initial: data.subarray(0, initialDataSize), size: data.length }, logSize),
    sites,
    flow,
    traced,
    slots,
    logSize,
  }
}

/** @param log map the log that Node shares, first of all: from then on Node can read every result */
export function assembleSections(sections: readonly Section[], arch: Arch, log: boolean): Assembler {
  const assembler = new Assembler(arch)
  // The kernel rounds the length up to pages; only what the memfd holds is ever touched.
  const args = [LOG_BASE, LOG_MAP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, LOG_FD, 0]
  const instruction = call('mmap', args, { why: 'the log, shared with Node' })
  const site: Site = { process: 'supervisor', step: -1, instruction, fatal: true }
  const mapped = assembler.memory.data(NO_LOG, 8)
  if (log) assembler.push(syscallNumber('mmap', arch), args, 0, site, undefined, NO_LOG, mapped)
  for (const section of sectionsFor(arch, sections)) assembler.section(section)
  if (log) {
    // Without a log nobody would know what runs. The exit status alone is left to say why: see noLog.
    const said: Site = { ...site, fatal: false, helper: 'exit with the errno' }
    assembler.labels.set(NO_LOG, assembler.operations.length)
    assembler.push(syscallNumber('exit_group', arch), [mapped], 1, said)
  }
  return assembler
}

const NO_LOG = '$noLog'

/** Room for the log of any program that fits; the ELF's own log segment below it disappears. */
const LOG_MAP_SIZE = 0x1000000

/** Where each operation leads on success and on failure. */
export function flowOf({ operations, labels }: Assembler): [number, number][] {
  const target = (to: Target, following: number): number =>
    to === undefined ? following : typeof to === 'number' ? to : (labels.get(to) ?? following)
  return operations.map(({ next, failed }, i) => [target(next, i + 1), target(failed, i + 1)])
}
