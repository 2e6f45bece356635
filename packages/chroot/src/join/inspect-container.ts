import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { CAPABILITIES, type CapabilityName } from '@rt/sys'
import { capabilitySet } from '../process/capabilities/available-capabilities.js'
import { lookAtProcess } from './look-at-process.js'
import { NAMESPACES, type NamespaceName } from './namespace-names.js'

/** What a second program of a container has to know about the first. */
export interface ContainerFacts {
  readonly pid: number
  /** Those that are not the caller's. Empty: the process is in no container. */
  readonly namespaces: readonly NamespaceName[]
  /** The capability sets; the bounding set is what a second program should be held to as well. */
  readonly bounding: readonly CapabilityName[]
  readonly permitted: readonly CapabilityName[]
  readonly noNewPrivileges: boolean
  /** A seccomp filter decides about its system calls; which one can't be seen. */
  readonly seccomp: boolean
  /** Its user namespace lets nobody drop groups: `user` needs `keepGroups` there. */
  readonly setgroupsDenied: boolean
}

/**
 * Look at a process from outside, through the host's /proc: nothing of the container's file system is touched.
 *
 * @param pid as the host numbers it
 * @throws RtError RT_NOT_FOUND if there is no such process, RT_PERMISSION if it may not be looked at
 */
export function inspectContainer(pid: number): ContainerFacts {
  const status = lookAtProcess(pid, () => readFileSync(`/proc/${pid}/status`, 'latin1'))
  return {
    pid,
    namespaces: lookAtProcess(pid, () => differing(pid)),
    bounding: names(capabilitySet(status, 'CapBnd')),
    permitted: names(capabilitySet(status, 'CapPrm')),
    setgroupsDenied: lookAtProcess(pid, () => readFileSync(`/proc/${pid}/setgroups`, 'latin1')).trim() === 'deny',
    noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(status),
    seccomp: /^Seccomp:\s*2$/m.test(status),
  }
}

function differing(pid: number): NamespaceName[] {
  // A kernel need not have all of them (CONFIG_TIME_NS).
  const known = new Set(readdirSync('/proc/self/ns'))
  return (Object.keys(NAMESPACES) as NamespaceName[]).filter((name) => {
    const { file } = NAMESPACES[name]
    return known.has(file) && readlinkSync(`/proc/${pid}/ns/${file}`) !== readlinkSync(`/proc/self/ns/${file}`)
  })
}

const names = (bits: bigint): CapabilityName[] =>
  (Object.keys(CAPABILITIES) as CapabilityName[]).filter((name) => (bits >> BigInt(CAPABILITIES[name])) & 1n)
