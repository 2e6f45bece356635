import { readFileSync } from 'node:fs'
import type { FileMount } from '@rt/mountns'
import type { HostEntry } from '../values/host-entry.js'

/** What the container's files of names should say. */
export interface Names {
  /** The container's; undefined: it has the host's. */
  readonly hostname: string | undefined
  /** What the host is called. */
  readonly hostsName: string
  readonly hosts: readonly HostEntry[]
  readonly nameServers: readonly string[]
  /** The container is in the host's network, so that the host's names are right for it. */
  readonly hostNetwork: boolean
}

const LOCALHOST = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n'

/**
 * /etc/hosts, /etc/hostname and /etc/resolv.conf as Docker gives them, whatever the root is: without the first a bare
 * root doesn't know `localhost`, and many roots have the third as a symlink to nowhere.
 */
export function nameFiles({ hostname, hostsName, hosts, nameServers, hostNetwork }: Names): FileMount[] {
  const lines = hosts.map(({ address, name }) => `${address}\t${name}\n`).join('')
  const base = hostNetwork ? readHost('/etc/hosts', LOCALHOST) : LOCALHOST
  // With the host's name, the host's file has it if it is to be found.
  const own = hostname === undefined || (hostNetwork && hostname === hostsName) ? '' : `127.0.1.1\t${hostname}\n`
  return [
    {
      destination: '/etc/hosts',
      content: ended(base) + own + lines,
      origin: hosts.length > 0 ? '--add-host' : hostNetwork ? '--network host' : 'default',
    },
    { destination: '/etc/hostname', content: `${hostname ?? hostsName}\n`, origin: 'default' },
    nameServers.length > 0
      ? {
          destination: '/etc/resolv.conf',
          content: nameServers.map((address) => `nameserver ${address}\n`).join(''),
          origin: '--dns',
        }
      : {
          destination: '/etc/resolv.conf',
          content: readHost('/etc/resolv.conf', ''),
          origin: hostNetwork ? '--network host' : 'default',
        },
  ]
}

/** A last line without its newline must not swallow what follows it. */
const ended = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

function readHost(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise
    throw error
  }
}
