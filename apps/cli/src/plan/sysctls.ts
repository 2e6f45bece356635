import { type NamespaceOptions, privateProc, sysctls } from '@rt/mountns'
import type { StepList } from '@rt/program'

/**
 * What Docker sets in a new network namespace, so that no program needs a capability to listen on port 80 or to ping.
 * Where groups are mapped, the range of all of them can't be written.
 */
export function defaultSysctls({ net, pid, user }: NamespaceOptions): StepList {
  if (!net) return null
  return [
    privateProc({ from: user && !pid ? 'host' : 'new' }),
    sysctls({
      'net.ipv4.ip_unprivileged_port_start': '0',
      ...(user ? {} : { 'net.ipv4.ping_group_range': '0 2147483647' }),
    }),
  ]
}
