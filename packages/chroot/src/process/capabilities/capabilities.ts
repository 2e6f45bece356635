import { branch, call, compute, type Instruction, label, ref, type Step, struct } from '@rt/program'
import {
  CAP_LAST_CAP,
  CAPABILITIES,
  type CapabilityName,
  type Complaint,
  LINUX_CAPABILITY_VERSION_3,
  type OptionKeys,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_RAISE,
  PR_CAPBSET_DROP,
  refuseUnknownOptions,
} from '@rt/sys'
import { asked, refuse } from '../../complaints.js'

/** The five sets of capabilities(7), as in OCI's `process.capabilities`. */
export interface CapabilitySets {
  /** What any later execve can give at most. Root gets all of it at execve. */
  readonly bounding: readonly CapabilityName[]
  readonly permitted: readonly CapabilityName[]
  /** Default: the permitted ones. */
  readonly effective?: readonly CapabilityName[]
  /** Default: none. Given, a program with inheritable file capabilities gets them back (CVE-2022-29162). */
  readonly inheritable?: readonly CapabilityName[]
  /** What a user other than root keeps over execve. Default: none, as Docker. */
  readonly ambient?: readonly CapabilityName[]
}

export interface CapabilitiesOptions {
  /**
   * Kept, permitted and effective, by this process, and dropped by its execve: CAP_SYS_ADMIN for the step `seccomp`, which
   * needs it without no_new_privs. They are in neither the bounding, the inheritable nor the ambient set, from which alone
   * the program could get them (capabilities(7), "Transformation of capabilities during execve()").
   */
  readonly untilExecve?: readonly CapabilityName[]
}

const OPTIONS: OptionKeys<CapabilitiesOptions> = { untilExecve: true }

const SETS: OptionKeys<CapabilitySets> = {
  bounding: true,
  permitted: true,
  effective: true,
  inheritable: true,
  ambient: true,
}

/** CAP_* numbers are bits of a 64-bit mask, so none is above this. */
const LAST_POSSIBLE = 63

const header = struct('cap_user_header', { version: LINUX_CAPABILITY_VERSION_3 })

/**
 * Cut the five capability sets down. Comes after `user`, which keeps the permitted set over the change of ids.
 *
 * Dropping from the bounding set needs CAP_SETPCAP, so that is held until the end. Capabilities that this package
 * doesn't know yet (of a newer kernel) are dropped too.
 *
 * @param sets a list is the bounding, permitted and effective set at once
 * @throws RtError RT_INVALID_OPTION if the kernel would refuse the sets: effective or ambient beyond permitted,
 *   inheritable beyond bounding, ambient beyond inheritable
 */
export function capabilities(
  sets: CapabilitySets | readonly CapabilityName[],
  origin?: string,
  options: CapabilitiesOptions = {},
): Step {
  refuseUnknownOptions('capabilities', options, OPTIONS)
  if (!Array.isArray(sets)) refuseUnknownOptions('capabilities', sets as CapabilitySets, SETS)
  const given: CapabilitySets = 'bounding' in sets ? sets : { bounding: sets, permitted: sets }
  const { bounding, permitted, effective = permitted, inheritable = [], ambient = [] } = given
  const kept = bits(options.untilExecve ?? [])
  refuse('cannot set these capabilities', [
    ...beyond('effective', effective, 'permitted', permitted),
    ...beyond('inheritable', inheritable, 'bounding', bounding),
    ...beyond('ambient', ambient, 'permitted', permitted),
    ...beyond('ambient', ambient, 'inheritable', inheritable),
  ])
  const working = bits(permitted) | kept | bits(['CAP_SETPCAP'])
  return {
    name: 'capabilities',
    why: 'root inside is not root of the host',
    ...asked(origin),
    'init.confine': [
      capset(working, working, 0n, 'a change of the user id has emptied the effective set'),
      ...dropFromBounding(bounding),
      call('prctl', [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0]),
      capset(
        bits(permitted) | kept,
        bits(effective) | kept,
        bits(inheritable),
        kept === 0n ? undefined : 'what the next steps need besides is dropped by the execve',
      ),
      ...ambient.map((name) => call('prctl', [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAPABILITIES[name], 0, 0])),
    ],
  }
}

/** The program's sets for a process that never executes: it drops by itself what `untilExecve` kept. */
export const dropKept = ({ permitted, effective = permitted, inheritable = [] }: CapabilitySets): Instruction =>
  capset(
    bits(permitted),
    bits(effective),
    bits(inheritable),
    'this process executes nothing, which would drop the rest',
  )

function beyond(
  set: string,
  names: readonly CapabilityName[],
  limit: string,
  allowed: readonly CapabilityName[],
): Complaint[] {
  return names
    .filter((name) => !allowed.includes(name))
    .map((name) => ({ path: `capabilities.${set}`, message: `${name} is not in the ${limit} set` }))
}

const bits = (names: readonly CapabilityName[]): bigint =>
  names.reduce((all, name) => all | (1n << BigInt(CAPABILITIES[name])), 0n)

function capset(permitted: bigint, effective: bigint, inheritable: bigint, why?: string): Instruction {
  const low = (set: bigint) => Number(set & 0xffffffffn)
  const high = (set: bigint) => Number(set >> 32n)
  const data = struct('cap_user_data', {
    effective0: low(effective),
    permitted0: low(permitted),
    inheritable0: low(inheritable),
    effective1: high(effective),
    permitted1: high(permitted),
    inheritable1: high(inheritable),
  })
  return call('capset', [header, data], {
    ...(why === undefined ? {} : { why }),
    hints: {
      EPERM:
        'a process can only keep what it has, and this one lacks some (or CAP_SETPCAP): availableCapabilities() tells which; ' +
        'the step `user` has to come before this one',
    },
  })
}

function dropFromBounding(kept: readonly CapabilityName[]): Instruction[] {
  const drop = (capability: number) =>
    // EINVAL: this kernel has no such capability, so nobody has it.
    call('prctl', [PR_CAPBSET_DROP, capability, 0, 0, 0], { tolerate: ['EINVAL'] })
  const numbers = new Set(kept.map((name): number => CAPABILITIES[name]))
  const known = Array.from({ length: CAP_LAST_CAP + 1 }, (_, capability) => capability)
  return [
    ...known.filter((capability) => !numbers.has(capability)).map(drop),
    compute('newer', CAP_LAST_CAP + 1),
    label('drop newer'),
    call('prctl', [PR_CAPBSET_DROP, ref('newer'), 0, 0, 0], {
      why: 'a capability that this program has no name for, of a newer kernel',
      onError: { EINVAL: 'none newer' },
    }),
    compute('newer', ref('newer'), 1, 1),
    branch(ref('newer'), LAST_POSSIBLE + 1, { else: 'drop newer' }),
    label('none newer'),
  ]
}
