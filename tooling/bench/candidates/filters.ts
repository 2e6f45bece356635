import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_CAPABILITIES } from '@rt/chroot'
import { DEFAULT_PROFILE, filter, resolveProfile } from '@rt/seccomp'
import { hostArch } from '@rt/sys'
import { libseccompFilter, libseccompNumbers } from '../../../packages/seccomp/test/libseccomp.js'
import { temporaryFolder } from '../../fixtures/temporary-folder.js'
import { compiled } from '../gcc.js'
import { type Candidate, Unavailable } from '../row.js'

/** A million: milliseconds are nanoseconds a call. */
const CALLS = 999_999
const NANOSECONDS = 1e6

const names = { rt: 'rt', tree: 'libseccomp, as a tree', list: 'libseccomp, as a list' } as const
export type FilterMaker = keyof typeof names

/** The default profile's filter for Docker's capabilities, by rt or by libseccomp, asked as runc does (tree) or as it is. */
export function filterBytes(maker: FilterMaker): Uint8Array {
  if (maker === 'rt') return filter(DEFAULT_PROFILE, { capabilities: DEFAULT_CAPABILITIES }).bytes
  if (!existsSync('/usr/include/seccomp.h')) {
    throw new Unavailable('libseccomp is not installed: sh tooling/setup-debian.sh libseccomp-dev')
  }
  const profile = resolveProfile(DEFAULT_PROFILE, { capabilities: DEFAULT_CAPABILITIES })
  const rules = (profile.syscalls ?? []).map((rule, index) => ({ rule, index }))
  const known = libseccompNumbers(hostArch() === 'x64' ? 'x86_64' : 'aarch64', [
    ...new Set(rules.flatMap(({ rule }) => rule.names ?? [])),
  ])
  return libseccompFilter(profile, rules, {
    arch: hostArch(),
    optimize: maker === 'tree' ? 2 : 1,
    knows: (name) => known.get(name) !== undefined,
  })
}

/** A million calls with argument rules under a filter; without one if there is no maker. */
export function filteredCalls(maker?: FilterMaker): Candidate {
  const program = compiled('filtered-calls')
  const file = join(temporaryFolder('bench-filter'), 'filter')
  if (maker) writeFileSync(file, filterBytes(maker))
  return {
    name: maker ? names[maker] : 'no filter',
    async once() {
      const printed = execFileSync(program, [String(CALLS), ...(maker ? [file] : [])], { encoding: 'utf8' })
      return Number(printed) / NANOSECONDS
    },
  }
}
