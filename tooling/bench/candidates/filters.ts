import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_CAPABILITIES } from '@rt/chroot'
import { DEFAULT_PROFILE, filter, resolveProfile, type SeccompProfile } from '@rt/seccomp'
import { hostArch } from '@rt/sys'
import { libseccompFilter, libseccompNumbers } from '../../../packages/seccomp/test/libseccomp.js'
import { temporaryFolder } from '../../fixtures/temporary-folder.js'
import { compiled } from '../gcc.js'
import { type Candidate, Unavailable } from '../row.js'

/** A million: milliseconds are nanoseconds a call. */
const CALLS = 1_000_000
const NANOSECONDS = 1e6

const names = {
  least: 'a filter that refuses all',
  rt: 'rt',
  tree: 'libseccomp, as a tree',
  list: 'libseccomp, as a list',
} as const
export type FilterMaker = keyof typeof names

/** Refuses all but what the program needs to end: what a call and its refusal take besides looking at arguments. */
const LEAST: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [{ names: ['write', 'exit_group'], action: 'SCMP_ACT_ALLOW' }],
}

/** The default profile's filter for Docker's capabilities, by rt or by libseccomp, asked as runc does (tree) or as it is. */
export function filterBytes(maker: FilterMaker): Uint8Array {
  if (maker === 'least') return filter(LEAST).bytes
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

/** A million calls that a filter refuses for their arguments. */
export function filteredCalls(maker: FilterMaker): Candidate {
  const program = compiled('filtered-calls')
  const file = join(temporaryFolder('bench-filter'), 'filter')
  writeFileSync(file, filterBytes(maker))
  return {
    name: names[maker],
    async once() {
      return Number(execFileSync(program, [String(CALLS), file], { encoding: 'utf8' })) / NANOSECONDS
    },
  }
}
