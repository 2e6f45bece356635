import type { Instruction } from '../language/instruction.js'
import type { Place } from './memory.js'

/** Whose instructions a section holds; `apply` has one process, and calls it the supervisor. */
export type Side = 'supervisor' | 'init'

/** Where an operation comes from: what errors, explain and trace say about it. */
export interface Site {
  /** The process that runs it: `supervisor`, `init`, or what a {@link Clone} calls its child. */
  readonly process: string
  readonly side: Side
  /** What one process of a clone does beside the way that the others take. */
  readonly outOfLine?: true
  /** Index of the step in the plan; -1 is the frame around the steps. */
  readonly step: number
  readonly instruction: Instruction
  /** A failure of this operation ends the set-up. */
  readonly fatal: boolean
  /** An operation that the assembler added to the instruction before it: what it is for, in a few words. */
  readonly helper?: string
  /** Run while two processes write the same pages, around the clone of this process: see own-log.ts. */
  readonly birthOf?: string
  /** Its failure is that of another operation, by its index. */
  readonly standsFor?: number
}

/** Where an operation leads: the one after it, one by its index, or one by its label. */
export type Target = undefined | number | string

/** A page of the log memfd, by its number: its offset is known when all operations are. */
export interface LogRegion {
  readonly region: number
}

/** How many bytes a region of the log has. */
export const REGION_SIZE = Symbol('bytes of a region of the log')

/** An argument before addresses are known. */
export type OperationArgument = number | bigint | Place | LogRegion | typeof REGION_SIZE

/** One operation of the machine (vm/vm.c), before addresses are known. */
export interface Operation {
  call: number
  arguments: readonly OperationArgument[]
  /** Bit i: argument i is the address of the value. */
  indirect: number
  save: Place
  /** After success. */
  next: Target
  /** After a result in [-4095, -1]. */
  failed: Target
  readonly site: Site
}
