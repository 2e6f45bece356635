import { capabilityCheck } from './capabilities.js'
import { cgroupCheck, systemdCheck } from './cgroups.js'
import type { Check, Host } from './check.js'
import { overlayCheck } from './file-systems.js'
import { erofsCheck, storeCheck } from './images.js'
import { kernelChecks, memfdCheck } from './kernel.js'
import { keyringCheck, seccompCheck } from './seccomp.js'
import { subordinateIdCheck, userNamespaceCheck } from './user-namespaces.js'

/** All checks, in the order in which a start needs them. */
export const checkHost = (host: Host): Check[] => [
  ...kernelChecks(host),
  memfdCheck(host),
  capabilityCheck(host),
  overlayCheck(host),
  erofsCheck(host),
  storeCheck(host),
  userNamespaceCheck(host),
  subordinateIdCheck(host),
  cgroupCheck(host),
  systemdCheck(host),
  seccompCheck(host),
  keyringCheck(host),
]

/** A line each, and the remedy below it. */
export const formatChecks = (checks: readonly Check[]): string =>
  checks
    .map(({ status, name, finding, remedy }) => {
      const line = `${status.padEnd(4)}  ${name.padEnd(16)} ${finding}\n`
      return remedy === undefined ? line : `${line}      ${''.padEnd(16)} remedy: ${remedy}\n`
    })
    .join('')
