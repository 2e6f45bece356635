import type { ErrnoName } from './instruction.js'

/**
 * One operation made to go wrong, by its index in `program.sites`: the call isn't made and gives an errno, or the
 * process is killed there by a signal. For tests: every operation of a plan can be tried (see `sites`).
 */
export type Fault =
  | { readonly op: number; readonly errno: ErrnoName }
  | { readonly op: number; readonly signal: number }

/** The log slot of a fault's marker: written when the process has arrived where it is to be killed. */
export const markerIndex = (sites: number): number => sites
