import type { CapabilityName } from '@rt/sys'
import type { ActionName } from './actions.js'
import type { OperatorName } from './operators.js'

/**
 * What a process may call: `linux.seccomp` of the OCI runtime specification (config-linux.md), and Docker's profile file,
 * which has `archMap`, `includes` and `excludes` besides. Field names are those of the two.
 */
export interface SeccompProfile {
  /** For a system call that no rule is about. */
  readonly defaultAction: ActionName
  /** errno of the default action; default EPERM. */
  readonly defaultErrnoRet?: number
  /** `SCMP_ARCH_…`; the processor's own is always among them. Calls of any other kill the thread. */
  readonly architectures?: readonly string[]
  /** Docker's: the architectures by the processor's own. Not together with `architectures`. */
  readonly archMap?: readonly ArchitectureMap[]
  readonly flags?: readonly FilterFlag[]
  readonly listenerPath?: string
  readonly listenerMetadata?: string
  readonly syscalls?: readonly SyscallRule[]
}

export interface ArchitectureMap {
  readonly architecture: string
  readonly subArchitectures?: readonly string[] | null
}

/** Flags of seccomp(2), SECCOMP_SET_MODE_FILTER. */
export type FilterFlag = (typeof FILTER_FLAGS)[number]
export const FILTER_FLAGS = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_LOG',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
  'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
] as const

/**
 * What happens to some system calls. Rules with the default's own action say nothing. A rule without conditions decides
 * for all calls of its names, wherever it stands; of those with conditions the first one that holds does.
 */
export interface SyscallRule {
  readonly names?: readonly string[]
  /** Docker's older form of one name. */
  readonly name?: string
  readonly action: ActionName
  /** errno of SCMP_ACT_ERRNO (default EPERM), or the number that a tracer of SCMP_ACT_TRACE reads. */
  readonly errnoRet?: number | null
  /** All must hold; but if two are about the same argument, one of all is enough, as in runc and crun. */
  readonly args?: readonly ArgumentCondition[] | null
  readonly comment?: string
  /** Docker's: the rule counts only if all of this is so, or not if any of that is. */
  readonly includes?: RuleFilter | null
  readonly excludes?: RuleFilter | null
}

/** Compares an argument, unsigned: of 64 bits, or of 32 where the ABI has no more. */
export interface ArgumentCondition {
  /** 0 to 5 */
  readonly index: number
  /** What it is compared with; of SCMP_CMP_MASKED_EQ the mask. */
  readonly value: number | bigint
  /** Of SCMP_CMP_MASKED_EQ: what the masked argument must be. */
  readonly valueTwo?: number | bigint
  readonly op: OperatorName
}

/** When a rule counts, or doesn't. */
export interface RuleFilter {
  readonly caps?: readonly CapabilityName[] | null
  /** Docker's names of the processor: amd64, arm64, … */
  readonly arches?: readonly string[] | null
  /** `4.8`: this version or later. */
  readonly minKernel?: string
}
