import { compiled } from '../gcc.js'
import { benchRoot } from '../root.js'
import type { Candidate } from '../row.js'
import { commandCandidate } from '../spawner.js'

/** The command line of container.c: the same system calls as rt's plan, written by hand. */
export const cCommand = (linking: 'static' | 'dynamic' = 'static'): string[] => [
  compiled('container', linking),
  benchRoot(),
  '/bin/true',
]

/** It, started as a shell would. */
export const cProgram = (): Candidate => commandCandidate('C program', cCommand())

/** The same as gcc links by default. */
export const dynamicCProgram = (): Candidate => commandCandidate('C program, dynamic', cCommand('dynamic'))
