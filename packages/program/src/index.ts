/**
 * Containers as programs: steps of system calls as data, assembled for a tiny virtual machine, then explained, run,
 * traced, compiled to an executable, or applied in the calling thread.
 */
export { type AssembleOptions, assemble, type Program, type Site } from './assemble.js'
export * from './instruction.js'
export { openedByInit, PHASES, type Phase, type Plan, type Step, type StepList, sequence } from './plan.js'
export { type Container, type Exit, type RunOptions, run } from './run.js'
export { PROC, ROOT } from './vocabulary.js'
