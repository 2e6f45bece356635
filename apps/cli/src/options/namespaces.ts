import type { NamespaceOptions, UserNamespace } from '@rt/mountns'
import { many, one, type Values } from '../arguments/option.js'
import { hostEntry, ipAddress } from '../values/host-entry.js'
import { hostName, oneOf } from '../values/name.js'

const hostOnly = { value: 'host', empty: 'unset', parse: oneOf('host'), complete: ['host'] } as const

/** Which namespaces the container shares with the host, and what it is called in its own. */
export const namespaceOptions = {
  network: one({
    value: 'none|host',
    parse: oneOf('none', 'host'),
    complete: ['none', 'host'],
    help: "none: only a loopback device (the default); host: the host's network, and its name unless -h gives another",
  }),
  pid: one({ ...hostOnly, help: "host: see the host's processes" }),
  ipc: one({ ...hostOnly, help: 'host: share System V IPC, message queues and /dev/shm' }),
  uts: one({ ...hostOnly, help: "host: share the host's name" }),
  hostname: one({ short: 'h', value: 'NAME', empty: 'unset', parse: hostName, help: "the container's host name" }),
  'add-host': many({ value: 'NAME:ADDRESS', parse: hostEntry, help: 'add a line to /etc/hosts' }),
  dns: many({ value: 'ADDRESS', parse: ipAddress, help: 'a name server for /etc/resolv.conf' }),
}

type NamespaceValues = Values<typeof namespaceOptions>

/** The namespaces that the container gets of its own. */
export function namespacesOf(values: NamespaceValues, user: UserNamespace | undefined): NamespaceOptions {
  const given = (['network', 'pid', 'ipc', 'uts'] as const).filter((name) => values[name] !== undefined)
  return {
    mount: true,
    cgroup: true,
    pid: values.pid !== 'host',
    net: values.network !== 'host',
    ipc: values.ipc !== 'host',
    uts: values.uts !== 'host',
    ...(user ? { user } : {}),
    origin: given.map((name) => `--${name} ${values[name]}`).join(' ') || 'default',
  }
}
