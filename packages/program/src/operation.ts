import type { Instruction } from './instruction.js'
import type { Place } from './memory.js'

/** Which of the two processes of a program; `apply` has one, and calls it the supervisor. */
export type ProcessName = 'supervisor' | 'init'

/** Where an operation comes from: what errors, explain and trace say about it. */
export interface Site {
  readonly process: ProcessName
  /** Index of the step in the plan; -1 is the frame around the steps. */
  readonly step: number
  readonly instruction: Instruction
  /** A failure of this operation ends the set-up. */
  readonly fatal: boolean
  /** An operation that the assembler added to the instruction before it: what it is for, in a few words. */
  readonly helper?: string
}

/** Where an operation leads: the one after it, one by its index, or one by its label. */
export type Target = undefined | number | string

/** One operation of the machine (vm/vm.c), before addresses are known. */
export interface Operation {
  call: number
  arguments: readonly (number | bigint | Place)[]
  /** Bit i: argument i is the address of the value. */
  indirect: number
  save: Place
  /** After success. */
  next: Target
  /** After a result in [-4095, -1]. */
  failed: Target
  readonly site: Site
}
