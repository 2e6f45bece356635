/**
 * Containers as programs: steps of system calls as data, assembled for a tiny virtual machine, then explained, run,
 * traced, compiled to an executable, or applied in the calling thread.
 */
export { type Applied, apply } from './apply.js'
export { type AssembleOptions, assemble, type Program } from './assemble.js'
export { type CompileOptions, compile } from './compile.js'
export type { Terminal, TerminalSize } from './console.js'
export type { Container } from './container-interface.js'
export { decimal, decimalText } from './decimal.js'
export type { Exit } from './exit.js'
export {
  type ExplainedCall,
  type ExplainedStep,
  type ExplainOptions,
  explain,
} from './explain.js'
export type { Fault } from './fault.js'
export { formatExplanation } from './format-explanation.js'
export * from './instruction.js'
export {
  ON_ITS_OWN,
  type SignalHandling,
  type Supervision,
  type TerminalHolder,
  TOLD_TO_NODE,
} from './lifecycle/supervision.js'
export type { Accounts, Usage } from './lifecycle/usage.js'
export type { Side, Site } from './operation.js'
export {
  INIT_MOMENTS,
  type InitMoment,
  type Meeting,
  MOMENTS,
  type Moment,
  openedByInit,
  type Plan,
  type Step,
  type StepList,
  sequence,
  type WithNode,
} from './plan.js'
export { run } from './run.js'
export type { RunOptions } from './run-options.js'
export type { Stdio, StdioItem } from './stdio.js'
export { chromeTrace, formatTrace, type Trace, trace } from './trace.js'
export type { TraceRow } from './trace-rows.js'
export { CLONE, GATE, MASTER, mountWord, PROC, ROOT } from './vocabulary.js'
