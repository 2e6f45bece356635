import { readFileSync } from 'node:fs'
import { capabilitySet } from '@rt/chroot'
import { CAPABILITIES } from '@rt/sys'

/** What this process may do to the host; its uid says nothing about that. */
export interface Privilege {
  /** CAP_SYS_ADMIN, in whatever user namespace: containers are made without a user namespace of their own. */
  readonly admin: boolean
  /** In a user namespace other than the first: much is for the first one's root alone, devices above all. */
  readonly inUserNamespace: boolean
  /** setgroups(2) is allowed: a user namespace that a plain user made forbids it. */
  readonly setgroups: boolean
  /** The group tty (5) has an id here. */
  readonly ttyGroup: boolean
}

/** Fixed in Debian and Docker; devpts(5) is told it by number. */
const TTY_GROUP = 5

/** The first user namespace maps every id to itself, see user_namespaces(7). */
const EVERY_ID = /^\s*0\s+0\s+4294967295\s*$/

/**
 * A look at this process, once: nothing that rt does changes it. A namespace other than the first can have such a map
 * too, but only if root of the first wrote it; the kernel then says no where it matters, and the call's error says which.
 *
 * @param read for tests: a file below /proc/self
 */
export function privilegeOf(read?: (file: string) => string): Privilege {
  if (read) return look(read)
  own ??= look((file) => readFileSync(`/proc/self/${file}`, 'latin1'))
  return own
}

let own: Privilege | undefined

function look(read: (file: string) => string): Privilege {
  const effective = capabilitySet(read('status'), 'CapEff')
  return {
    admin: ((effective >> BigInt(CAPABILITIES.CAP_SYS_ADMIN)) & 1n) === 1n,
    inUserNamespace: !EVERY_ID.test(read('uid_map')),
    setgroups: read('setgroups').trim() !== 'deny',
    ttyGroup: read('gid_map')
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .some(([first = 1, , size = 0]) => first <= TTY_GROUP && TTY_GROUP < first + size),
  }
}
