import { readFileSync } from 'node:fs'
import { CAPABILITIES, type CapabilityName, RtError } from '@rt/sys'

/** What of a wish this process can give. */
export interface AvailableCapabilities {
  readonly capabilities: readonly CapabilityName[]
  /** Wished for, and not to be had: for the caller to say. */
  readonly missing: readonly CapabilityName[]
}

/**
 * Split capabilities into those that a child of this process can have and those it can't. A look at the host: an outer
 * container or a service manager may have taken some even from root, and the kernel may be older than a name. Nothing
 * is cut silently: who wants `ALL` asks here and tells what is missing.
 *
 * @param options.userNamespace the container gets a user namespace of its own, in which the kernel gives everything
 * @throws RtError RT_UNSUPPORTED if /proc doesn't tell
 */
export function availableCapabilities(
  wanted: readonly CapabilityName[],
  options: { readonly userNamespace?: boolean } = {},
): AvailableCapabilities {
  const lastCapability = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
  const status = readFileSync('/proc/self/status', 'latin1')
  const has = options.userNamespace ? ~0n : capabilitySet(status, 'CapPrm') & capabilitySet(status, 'CapBnd')
  const isThere = (name: CapabilityName) =>
    CAPABILITIES[name] <= lastCapability && ((has >> BigInt(CAPABILITIES[name])) & 1n) === 1n
  return { capabilities: wanted.filter(isThere), missing: wanted.filter((name) => !isThere(name)) }
}

/** One of the five sets in the text of /proc/PID/status, as bits. */
export function capabilitySet(status: string, field: `Cap${'Inh' | 'Prm' | 'Eff' | 'Bnd' | 'Amb'}`): bigint {
  const digits = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1]
  if (digits === undefined) {
    throw new RtError('RT_UNSUPPORTED', `cannot read capabilities: no ${field} in /proc/PID/status`, {
      hint: 'is /proc a procfs?',
    })
  }
  return BigInt(`0x${digits}`)
}
