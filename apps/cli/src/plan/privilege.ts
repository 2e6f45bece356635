import { readFileSync } from 'node:fs'
import { capabilitySet } from '@rt/chroot'
import { CAPABILITIES } from '@rt/sys'

/** What this process may do to the host; its uid says nothing about that. */
export interface Privilege {
  /** CAP_SYS_ADMIN, in whatever user namespace: containers are made without a user namespace of their own. */
  readonly admin: boolean
  /** In a user namespace other than the first: much is for the first one's root alone, devices above all. */
  readonly inUserNamespace: boolean
}

/** The first user namespace maps every id to itself, see user_namespaces(7). */
const EVERY_ID = /^\s*0\s+0\s+4294967295\s*$/

/**
 * A look at this process. A namespace other than the first can have such a map too, but only if root of the first wrote
 * it; the kernel then says no where it matters, and the call's error says which.
 *
 * @param read for tests: a file below /proc/self
 */
export function privilegeOf(
  read: (file: string) => string = (file) => readFileSync(`/proc/self/${file}`, 'latin1'),
): Privilege {
  const effective = capabilitySet(read('status'), 'CapEff')
  return {
    admin: ((effective >> BigInt(CAPABILITIES.CAP_SYS_ADMIN)) & 1n) === 1n,
    inUserNamespace: !EVERY_ID.test(read('uid_map')),
  }
}
