import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_CAPABILITIES } from '@rt/chroot'
import { DEFAULT_PROFILE, filter } from '@rt/seccomp'
import { temporaryFolder } from '../../fixtures/temporary-folder.js'
import { compiled } from '../gcc.js'
import { benchRoot } from '../root.js'
import type { Candidate } from '../row.js'
import { commandCandidate } from '../spawner.js'

let header: string | undefined

/** rt's own filter as bytes that container.c loads: what is compared is the start, not the filter. */
function filterHeader(): string {
  if (header === undefined) {
    header = join(temporaryFolder('bench-filter'), 'filter.h')
    const { bytes } = filter(DEFAULT_PROFILE, { capabilities: DEFAULT_CAPABILITIES })
    writeFileSync(header, `#define FILTER_BYTES ${bytes.join(',')}\n`)
  }
  return header
}

/** The command line of container.c: the same system calls as rt's plan, written by hand. */
export const cCommand = (linking: 'static' | 'dynamic' = 'static'): string[] => [
  compiled('container', linking, filterHeader()),
  benchRoot(),
  '/bin/true',
]

/** It, started as a shell would. */
export const cProgram = (): Candidate => commandCandidate('C program', cCommand())

/** The same as gcc links by default. */
export const dynamicCProgram = (): Candidate => commandCandidate('C program, dynamic', cCommand('dynamic'))
