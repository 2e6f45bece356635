import type { NamespaceOptions, UserNamespace } from '@rt/mountns'
import { many, one, type Values } from '../arguments/option.js'
import { hostEntry, ipAddress } from '../values/host-entry.js'
import { hostName, oneOf } from '../values/name.js'
import { resolverOption, searchDomain } from '../values/resolver.js'
import { setting } from '../values/setting.js'

const hostOnly = { value: 'host', empty: 'unset', parse: oneOf('host'), complete: ['host'] } as const

/** Which namespaces the container shares with the host, and what it is called in its own. */
export const namespaceOptions = {
  network: one({
    also: 'net',
    value: 'none|host',
    parse: oneOf('none', 'host'),
    complete: ['none', 'host'],
    help: "none: only a loopback device (the default); host: the host's network, and its name unless -h gives another",
  }),
  pid: one({ ...hostOnly, help: "host: see the host's processes" }),
  ipc: one({
    value: 'private|host|none|shareable',
    empty: 'unset',
    parse: oneOf('private', 'host', 'none', 'shareable'),
    complete: ['private', 'host', 'none', 'shareable'],
    help:
      'host: share System V IPC, message queues and /dev/shm; private: its own (the default; shareable is the same, ' +
      'there being nobody to share with); none: its own, without a /dev/shm',
  }),
  uts: one({ ...hostOnly, help: "host: share the host's name" }),
  cgroupns: one({
    value: 'private|host',
    empty: 'unset',
    parse: oneOf('private', 'host'),
    complete: ['private', 'host'],
    help: 'private: its own cgroup is the root that it sees (the default); host: it sees the whole tree of the host',
  }),
  domainname: one({ value: 'NAME', empty: 'unset', parse: hostName, help: 'the NIS domain that uname(2) tells' }),
  hostname: one({ short: 'h', value: 'NAME', empty: 'unset', parse: hostName, help: "the container's host name" }),
  'add-host': many({ value: 'NAME:ADDRESS', parse: hostEntry, help: 'add a line to /etc/hosts' }),
  dns: many({ value: 'ADDRESS', parse: ipAddress, help: 'a name server for /etc/resolv.conf' }),
  'dns-search': many({ value: 'DOMAIN', parse: searchDomain, help: 'a domain to look names up in; "." alone: none' }),
  'dns-option': many({ also: 'dns-opt', value: 'WORD', parse: resolverOption, help: 'an option of resolv.conf(5)' }),
  sysctl: many({
    value: 'NAME=VALUE',
    parse: setting,
    help: "a setting of the container's own namespaces: net.*, kernel.shm*, fs.mqueue.* and the like",
  }),
}

type NamespaceValues = Values<typeof namespaceOptions>

/** The namespaces that the container gets of its own. */
export function namespacesOf(values: NamespaceValues, user: UserNamespace | undefined): NamespaceOptions {
  const given = (['network', 'pid', 'ipc', 'uts', 'cgroupns'] as const).filter((name) => values[name] !== undefined)
  return {
    mount: true,
    cgroup: values.cgroupns !== 'host',
    pid: values.pid !== 'host',
    net: values.network !== 'host',
    ipc: values.ipc !== 'host',
    uts: values.uts !== 'host',
    ...(user ? { user } : {}),
    origin: given.map((name) => `--${name} ${values[name]}`).join(' ') || 'default',
  }
}
