import { type NamespaceOptions, privateProc, sysctls } from '@rt/mountns'
import type { StepList } from '@rt/program'
import { type Complaints, invalid } from '../arguments/complaints.js'
import type { Setting } from '../values/setting.js'
import { privilegeOf } from './privilege.js'

/**
 * What Docker sets in a new network namespace, so that no program needs a capability to listen on port 80 or to ping; and what
 * is asked for, which may replace that. Where groups are mapped, the range of all of them can't be written.
 */
export function sysctlsOf(asked: readonly Setting[], namespaces: NamespaceOptions, complaints: Complaints): StepList {
  const { net, pid, user } = namespaces
  const defaults = {
    'net.ipv4.ip_unprivileged_port_start': '0',
    ...(user || privilegeOf().inUserNamespace ? {} : { 'net.ipv4.ping_group_range': '0 2147483647' }),
  }
  const settings = {
    ...(net ? defaults : {}),
    ...Object.fromEntries(asked.map(({ name, value }) => [name, value])),
  }
  if (Object.keys(settings).length === 0) return null
  const step = complaints.try('--sysctl', () => {
    refuseHosts(asked, namespaces)
    return sysctls(settings, asked.length > 0 ? '--sysctl' : 'default')
  })
  return step ? [privateProc({ from: user && !pid ? 'host' : 'new' }), step] : null
}

/** What is the host's where the container has no namespace of its own for it. */
function refuseHosts(asked: readonly Setting[], { net, ipc }: NamespaceOptions): void {
  for (const { name } of asked) {
    if (name.startsWith('net.') && !net) throw invalid(`${name} would be the host's setting with --network host`)
    if (/^(kernel\.(msg|sem|shm)|fs\.mqueue\.)/.test(name) && !ipc) {
      throw invalid(`${name} would be the host's setting with --ipc host`)
    }
    if (name === 'kernel.hostname') throw invalid(`${name} is set by --hostname`)
    if (name === 'kernel.domainname') throw invalid(`${name} is set by --domainname`)
  }
}
