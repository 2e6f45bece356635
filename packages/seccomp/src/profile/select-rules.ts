import type { Arch, CapabilityName } from '@rt/sys'
import { ABI_OF, ABIS, type Abi } from '../numbers/abi.js'
import { isAtLeast, type KernelVersion, parseKernelVersion } from './kernel-version.js'
import type { RuleFilter, SeccompProfile, SyscallRule } from './profile.js'

/** Where a profile is to hold. */
export interface Situation {
  readonly arch: Arch
  /** The container's bounding set. */
  readonly capabilities: readonly CapabilityName[]
  readonly kernel: KernelVersion
}

/** A rule that counts, and where it stands in the profile's `syscalls`. */
export interface SelectedRule {
  readonly index: number
  readonly rule: SyscallRule
}

/** Docker's names of the processors. */
const DOCKER_ARCH: Readonly<Record<Arch, string>> = { x64: 'amd64', arm64: 'arm64' }

/** The rules of a profile that count in a situation: what Docker does before it hands the profile to runc. */
export const selectRules = (profile: SeccompProfile, situation: Situation): SelectedRule[] =>
  (profile.syscalls ?? []).flatMap((rule, index) => (counts(rule, situation) ? [{ index, rule }] : []))

function counts({ includes, excludes }: SyscallRule, situation: Situation): boolean {
  if (excludes && (isArch(excludes, situation) || hasAny(excludes, situation) || isKernel(excludes, situation))) {
    return false
  }
  if (!includes) return true
  return (
    (!includes.arches?.length || isArch(includes, situation)) &&
    (includes.caps ?? []).every((name) => situation.capabilities.includes(name)) &&
    (!includes.minKernel || isKernel(includes, situation))
  )
}

const isArch = ({ arches }: RuleFilter, { arch }: Situation): boolean => arches?.includes(DOCKER_ARCH[arch]) ?? false

const hasAny = ({ caps }: RuleFilter, { capabilities }: Situation): boolean =>
  caps?.some((name) => capabilities.includes(name)) ?? false

const isKernel = ({ minKernel }: RuleFilter, { kernel }: Situation): boolean => {
  const wanted = minKernel ? parseKernelVersion(minKernel) : undefined
  return wanted !== undefined && isAtLeast(kernel, wanted)
}

/** The ABIs that a profile is about, the processor's own first. */
export function selectAbis(profile: SeccompProfile, arch: Arch): Abi[] {
  const [native, ...others] = ABIS[arch]
  const mapped = profile.archMap?.find(({ architecture }) => ABI_OF[architecture] === native)
  const listed = profile.architectures?.length ? profile.architectures : (mapped?.subArchitectures ?? [])
  const named = new Set(listed.map((name) => ABI_OF[name]))
  return [native, ...others.filter((abi) => named.has(abi))]
}
