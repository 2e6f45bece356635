import { compareCalls } from '../calls.js'
import { cCommand, cProgram, cProgramInGroups, dynamicCProgram } from '../candidates/c-program.js'
import { compiledFromShell, compiledPlan } from '../candidates/rt.js'
import { type Row, ratio } from '../row.js'

export const row: Row = {
  name: 'compiled',
  what: 'the same, as one executable started from a shell',
  unit: 'ms',
  candidates: [
    () => compiledFromShell(),
    cProgram,
    dynamicCProgram,
    () => compiledFromShell('with cgroup'),
    cProgramInGroups,
  ],
  budgets: [
    ratio('rt compiled', 'C program', 0.8),
    ratio('rt compiled', 'C program, dynamic', 0.8),
    ratio('rt compiled with cgroup', 'C program with cgroup', 0.8),
  ],
  rounds: 100,
  notes: () => [
    ...compareCalls(['rt', [compiledPlan()]], ['the C program', cCommand()]),
    ...compareCalls(
      ['rt with cgroup', [compiledPlan('with cgroup')]],
      ['the C program with cgroup', cCommand('static', 'c')],
    ),
  ],
}
