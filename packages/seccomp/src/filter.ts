import { release } from 'node:os'
import { type Arch, type CapabilityName, hostArch, type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { compile } from './compile/compile.js'
import { profileComplaints } from './profile/check-profile.js'
import { DEFAULT_PROFILE } from './profile/default-profile.js'
import { parseKernelVersion } from './profile/kernel-version.js'
import type { SeccompProfile } from './profile/profile.js'
import { type Situation, selectAbis, selectRules } from './profile/select-rules.js'
import { ruleWarnings } from './rule-warnings.js'

/** Where a profile is to hold. */
export interface FilterOptions {
  /** Default: this process's. */
  readonly arch?: Arch | undefined
  /** The container's bounding set, for rules that depend on it. Default: none. */
  readonly capabilities?: readonly CapabilityName[] | undefined
  /** `uname -r`, for rules that depend on it. Default: this host's. */
  readonly kernel?: string | undefined
}

export interface Filter {
  /** Classic BPF, 8 bytes an instruction: what seccomp(2) takes, little-endian. */
  readonly bytes: Uint8Array
  /** What is no reason to refuse the profile: a system call that no architecture has, a rule that decides nothing. */
  readonly warnings: readonly string[]
}

export const FILTER_OPTIONS: OptionKeys<FilterOptions> = { arch: true, capabilities: true, kernel: true }

const compiled = new WeakMap<SeccompProfile, Map<string, Filter>>()

/**
 * A profile as a BPF program. The same profile object in the same situation is compiled once.
 *
 * @throws RtError RT_INVALID_CONFIG if the profile is none, with every complaint and its path, or is too large
 */
export function filter(profile: SeccompProfile, options: FilterOptions = {}): Filter {
  refuseUnknownOptions('filter', options, FILTER_OPTIONS)
  const situation = situationOf(options)
  let known = compiled.get(profile)
  if (!known) {
    const complaints = profile === DEFAULT_PROFILE ? [] : profileComplaints(profile)
    if (complaints.length > 0) throw new RtError('RT_INVALID_CONFIG', 'this is no seccomp profile', { complaints })
    known = new Map()
    compiled.set(profile, known)
  }
  const { arch, capabilities, kernel } = situation
  const mentioned = capabilitiesOf(profile).filter((name) => capabilities.includes(name))
  const key = [arch, kernel.version, kernel.revision, ...mentioned].join(' ')
  let made = known.get(key)
  if (!made) {
    const selected = selectRules(profile, situation)
    made = {
      bytes: compile(profile, selected, selectAbis(profile, arch)),
      warnings: profile === DEFAULT_PROFILE ? [] : ruleWarnings(profile, selected),
    }
    known.set(key, made)
  }
  return made
}

/** The capabilities that a profile's rules depend on, sorted: others make no difference. */
export const capabilitiesOf = ({ syscalls = [] }: SeccompProfile): CapabilityName[] =>
  [
    ...new Set(syscalls.flatMap(({ includes, excludes }) => [...(includes?.caps ?? []), ...(excludes?.caps ?? [])])),
  ].sort()

/** Options with their defaults; looks at the host for those that are not given. */
export function situationOf(options: FilterOptions): Situation {
  const kernel = options.kernel ?? release()
  const version = parseKernelVersion(kernel)
  if (!version) throw new RtError('RT_INVALID_OPTION', `${JSON.stringify(kernel)} is no kernel release: expected 6.1…`)
  return { arch: options.arch ?? hostArch(), capabilities: options.capabilities ?? [], kernel: version }
}
