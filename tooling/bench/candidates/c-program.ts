import { compiled } from '../gcc.js'
import { benchRoot } from '../root.js'
import type { Candidate } from '../row.js'
import { commandCandidate } from '../spawner.js'

/** The same system calls as rt's plan, written by hand in C (container.c), started as a shell would. */
export const cProgram = (): Candidate =>
  commandCandidate('C program', [compiled('container'), benchRoot(), '/bin/true'])
