import { readFileSync } from 'node:fs'
import { CAPABILITIES, capget } from '@rt/sys'
import type { OverlayNamespace } from '../extract/overlay-marks.js'

/** The whole map of the first user namespace: every id is itself. */
const EVERY_ID = /^\s*0\s+0\s+4294967295\s*$/

const hasSysAdmin = (): boolean => ((capget().effective >> BigInt(CAPABILITIES.CAP_SYS_ADMIN)) & 1n) === 1n

/**
 * Where this process can write overlay's marks, and mount what has them: `trusted.*` needs CAP_SYS_ADMIN in the first
 * user namespace, `user.*` a mount with `userxattr`.
 */
export function overlayNamespace(): OverlayNamespace {
  if (process.geteuid?.() !== 0) return 'user.overlay.'
  const isFirst = EVERY_ID.test(readFileSync('/proc/self/uid_map', 'utf8'))
  return isFirst && hasSysAdmin() ? 'trusted.overlay.' : 'user.overlay.'
}
