import { cProgram, cProgramInGroups } from '../candidates/c-program.js'
import { compiledByChildProcess, inProcess } from '../candidates/rt.js'
import { type Row, ratio } from '../row.js'

export const row: Row = {
  name: 'in-process',
  what: 'start to exit of /bin/true with Docker’s defaults, from one Node process',
  unit: 'ms',
  candidates: [() => inProcess(), cProgram, compiledByChildProcess, () => inProcess('with cgroup'), cProgramInGroups],
  budgets: [ratio('rt in-process', 'C program', 1), ratio('rt with cgroup', 'C program with cgroup', 1)],
  rounds: 100,
}
