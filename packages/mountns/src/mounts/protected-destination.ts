import type { Complaint } from '@rt/sys'
import { cleanDestination } from '../destination/destination.js'
import type { Mount } from './mount-entry.js'

/** Files below /proc that lxcfs and the like replace by ones that show the container's share. */
const REPLACEABLE: ReadonlySet<string> = new Set(
  [
    'cpuinfo',
    'diskstats',
    'loadavg',
    'meminfo',
    'slabinfo',
    'stat',
    'swaps',
    'uptime',
    'sys/kernel/ns_last_pid',
    'sys/crypto/fips_enabled',
  ].map((file) => `/proc/${file}`),
)

/**
 * /proc is procfs and /sys is sysfs, or nothing is: what a fake one shows is believed by every program inside, and what
 * is written to it (labels, sysctls) goes nowhere (CVE-2019-16884). The host's own may be bound there.
 */
export function checkProtectedDestination(
  path: string,
  { type, source, destination }: Mount,
  isBind: boolean,
): Complaint[] {
  const place = cleanDestination(destination)
  const complain = (message: string): Complaint[] => [{ path, message }]
  if (place === '/proc' && !(isBind ? source === '/proc' : type === 'proc')) {
    return complain('expected procfs at "/proc", or the host’s own /proc')
  }
  if (place === '/sys' && !(isBind ? source === '/sys' : type === 'sysfs' || type === 'tmpfs')) {
    return complain('expected sysfs at "/sys", or the host’s own /sys')
  }
  if (place.startsWith('/proc/') && !REPLACEABLE.has(place) && !(isBind && source?.startsWith('/proc/'))) {
    return complain(`nothing can be mounted inside /proc but on ${[...REPLACEABLE].join(', ')}`)
  }
  return []
}
