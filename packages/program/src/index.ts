/**
 * Containers as programs: steps of system calls as data, assembled for a tiny virtual machine, then explained, run,
 * traced, compiled to an executable, or applied in the calling thread.
 */

export { type AssembleOptions, assemble, type Program } from './assemble/assemble.js'
export { type CompileOptions, compile } from './assemble/compile.js'
export type { Fault } from './assemble/fault.js'
export type { Side, Site } from './assemble/operation.js'
export {
  type ExplainedCall,
  type ExplainedStep,
  type ExplainOptions,
  explain,
} from './explain/explain.js'
export { formatExplanation } from './explain/format-explanation.js'
export { decimal, decimalText } from './language/decimal.js'
export * from './language/instruction.js'
export { CLONE, GATE, givenFd, MASTER, mountWord, PROC, ROOT } from './language/vocabulary.js'
export { type HostProgram, hostProgram, PID_HERE } from './lifecycle/host-program.js'
export { hasNodesPart as needsNode } from './lifecycle/roles.js'
export {
  ON_ITS_OWN,
  type SignalHandling,
  type Speaker,
  type Supervision,
  type TerminalHolder,
  TOLD_TO_NODE,
} from './lifecycle/supervision.js'
export type { Account, Usage } from './lifecycle/usage.js'
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
} from './plan/plan.js'
export { type Applied, apply } from './run/apply.js'
export type { Terminal, TerminalSize } from './run/console.js'
export type { Container } from './run/container-interface.js'
export { type Created, type CreateOptions, create } from './run/create.js'
export type { Exit } from './run/exit.js'
export { type ReplaceOptions, replace } from './run/replace.js'
export { isReplaced, type Replaced, type Replacement, replaced, replacedBlindly } from './run/replaced.js'
export { run } from './run/run.js'
export type { RunOptions } from './run/run-options.js'
export type { Stdio, StdioItem } from './run/stdio.js'
export { chromeTrace, formatTrace, type Trace, trace } from './run/trace.js'
export type { TraceRow } from './run/trace-rows.js'
