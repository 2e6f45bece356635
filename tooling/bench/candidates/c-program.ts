import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { detectCgroups } from '@rt/cgroups'
import { DEFAULT_CAPABILITIES } from '@rt/chroot'
import { DEFAULT_PROFILE, filter } from '@rt/seccomp'
import { temporaryFolder } from '../../fixtures/temporary-folder.js'
import { compiled } from '../gcc.js'
import { benchRoot } from '../root.js'
import type { Candidate } from '../row.js'
import { commandCandidate } from '../spawner.js'

const headers = new Map<boolean, string>()

/** rt's own filter as bytes that container.c loads: what is compared is the start, not the filter. And where groups go. */
function headerOf(groups: boolean): string {
  let header = headers.get(groups)
  if (header === undefined) {
    header = join(temporaryFolder('bench-header'), groups ? 'in-groups.h' : 'alone.h')
    const { bytes } = filter(DEFAULT_PROFILE, { capabilities: DEFAULT_CAPABILITIES })
    const hierarchies = detectCgroups().hierarchies.flatMap(({ top, version }) =>
      top === undefined ? [] : [`{${JSON.stringify(top)}, ${version}}`],
    )
    const given = [`FILTER_BYTES ${bytes.join(',')}`, ...(groups ? [`HIERARCHIES ${hierarchies.join(', ')}`] : [])]
    writeFileSync(header, given.map((macro) => `#define ${macro}\n`).join(''))
    headers.set(groups, header)
  }
  return header
}

/** The command line of container.c: the same system calls as rt's plan, written by hand. */
export const cCommand = (linking: 'static' | 'dynamic' = 'static', group?: string): string[] => [
  compiled('container', linking, headerOf(group !== undefined)),
  benchRoot(),
  '/bin/true',
  ...(group === undefined ? [] : [group]),
]

/** It, started as a shell would. */
export const cProgram = (): Candidate => commandCandidate('C program', cCommand())

/** In groups of its own. */
export const cProgramInGroups = (): Candidate => commandCandidate('C program with cgroup', cCommand('static', 'c'))

/** The same as gcc links by default. */
export const dynamicCProgram = (): Candidate => commandCandidate('C program, dynamic', cCommand('dynamic'))
