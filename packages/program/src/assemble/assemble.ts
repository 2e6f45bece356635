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
import { call, ref } from '../language/instruction.js'
import { frame } from '../lifecycle/frame.js'
import type { Section } from '../lifecycle/section.js'
import { hasLog, type Supervision, TOLD_TO_NODE } from '../lifecycle/supervision.js'
import { checkPlan } from '../plan/check-plan.js'
import type { Plan } from '../plan/plan.js'
import { Assembler } from './assembler.js'
import { writeElf } from './elf.js'
import { type Fault, injectFault } from './fault.js'
import { sectionsFor } from './for-arch.js'
import { CONST_BASE, DATA_BASE, LOG_BASE, LOG_FD } from './layout.js'
import { link, regionSize, sizeOfLog } from './link.js'
import type { Site } from './operation.js'
import { mapRegion, ownRegion } from './own-log.js'
import { reportFailures } from './report.js'

export interface AssembleOptions {
  /** Whom the program tells how it goes, and what ends it; default {@link TOLD_TO_NODE}, as `run` starts it. */
  readonly supervision?: Supervision | undefined
  /** Default: this machine's. */
  readonly arch?: Arch | undefined
  /** Read the clock before every operation. */
  readonly traced?: boolean | undefined
  /** Make one operation go wrong. */
  readonly fault?: Fault | undefined
  /** The number that the log's descriptor has when the program begins; default {@link LOG_FD}, which it has from then on. */
  readonly log?: number | undefined
}

/** An executable image and what is needed to read its log. */
export interface Program {
  readonly arch: Arch
  readonly plan: Plan
  readonly elf: Buffer
  /** One per operation. A fault names an operation by its index here. */
  readonly sites: readonly Site[]
  /** The supervisor, and the child of each clone: in the order of their regions of the log (own-log.ts). */
  readonly processes: readonly string[]
  /** Operations that note which one has failed, by process in `sites`. */
  readonly latches: readonly number[]
  /** The operation after which init's pid may be another's: the supervisor has waited for it. */
  readonly reap: number | undefined
  readonly traced: boolean
  /** Result words in a region of the log. */
  readonly slots: number
  /** Bytes of each process's region of the log. */
  readonly regionSize: number
  /** Where in a region what is {@link Kept} lies. */
  readonly kept: ReadonlyMap<string, { readonly at: number; readonly size: number }>
}

/** Bytes kept free between the segments. */
const GAP = 0x20000

const OPTIONS: OptionKeys<AssembleOptions> = { supervision: true, arch: true, traced: true, fault: true, log: true }

/**
 * Turn a plan into a program: labels become indices, names become addresses, calls become numbers of the architecture.
 *
 * @throws RtError RT_PROGRAM for a label that nothing defines, a struct field that doesn't exist and the like, and for a
 *   plan that is wrong as a whole (see check-plan.ts), naming the step; RT_INVALID_OPTION for text with a NUL; RT_LIMIT if it gets too large
 */
export function assemble(plan: Plan, options: AssembleOptions = {}): Program {
  refuseUnknownOptions('assemble', options, OPTIONS)
  const arch = options.arch ?? hostArch()
  const traced = options.traced ?? false
  const supervision = options.supervision ?? TOLD_TO_NODE
  const sections = frame(plan, supervision)
  const assembler = assembleSections(sections, arch, hasLog(supervision) ? (options.log ?? LOG_FD) : undefined)
  checkPlan(plan, sections, assembler)
  if (!hasLog(supervision) || supervision.leaves) reportFailures(assembler, plan, arch)
  if (options.fault) injectFault(assembler, options.fault)
  const { operations, processes, latches, labels } = assembler
  const sites = operations.map((operation) => operation.site)
  const { constants, data, initialDataSize, slots } = link(assembler, { arch, traced })
  if (CONST_BASE + constants.length + GAP > DATA_BASE || DATA_BASE + constants.length + data.length + GAP > LOG_BASE) {
    throw new RtError('RT_LIMIT', `the program is too large: ${constants.length} bytes of operations and text`, {
      hint: 'arguments, environment and options together may take some 15 MiB; the kernel takes less anyway',
    })
  }
  const { kept, keptSize } = assembler.memory
  const resultsSize = sizeOfLog(slots, traced)
  const logSize = resultsSize + keptSize
  return {
    arch,
    plan,
    elf: writeElf(arch, constants, { initial: data.subarray(0, initialDataSize), size: data.length }, logSize),
    sites,
    processes,
    latches,
    reap: labels.get('$reap'),
    traced,
    slots,
    regionSize: regionSize(logSize),
    kept: new Map([...kept].map(([name, { offset, size }]) => [name, { at: resultsSize + offset, size }])),
  }
}

/**
 * @param log each process maps a log that Node shares, first of all: from then on Node can read every result. Its descriptor
 *   as the program finds it; undefined: there is none
 */
export function assembleSections(sections: readonly Section[], arch: Arch, log: number | undefined): Assembler {
  const assembler = new Assembler(arch, log !== undefined)
  const instruction = call('mmap', [LOG_BASE, ref('size'), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, LOG_FD, 0], {
    why: 'the log, shared with Node',
  })
  const site: Site = { process: 'supervisor', side: 'supervisor', step: -1, instruction, fatal: true }
  const mapped = assembler.memory.data(NO_LOG, 8)
  if (log !== undefined) {
    if (log !== LOG_FD) {
      const placed: Site = { ...site, helper: 'the log, at its own number' }
      assembler.push(syscallNumber('dup3', arch), [log, LOG_FD, 0], 0, placed, undefined, NO_LOG, mapped)
    }
    assembler.push(syscallNumber('mmap', arch), mapRegion(ownRegion(0)), 0, site, undefined, NO_LOG, mapped)
  }
  for (const section of sectionsFor(arch, sections)) assembler.section(section)
  assembler.finish()
  if (log !== undefined) {
    // Without a log nobody would know what runs. The exit status alone is left to say why: see noLog.
    const said: Site = { ...site, fatal: false, helper: 'exit with the errno' }
    assembler.labels.set(NO_LOG, assembler.operations.length)
    assembler.push(syscallNumber('exit_group', arch), [mapped], 1, said)
  }
  return assembler
}

const NO_LOG = '$noLog'
