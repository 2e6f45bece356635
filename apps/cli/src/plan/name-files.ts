import { readFileSync } from 'node:fs'
import type { FileMount } from '@rt/mountns'
import { textFromBytes } from '@rt/sys'
import type { HostEntry } from '../values/host-entry.js'

/** What the container's files of names should say. */
export interface Names {
  readonly hostname: string | undefined
  readonly hosts: readonly HostEntry[]
  readonly nameServers: readonly string[]
  /** The container is in the host's network, so that the host's names are right for it. */
  readonly hostNetwork: boolean
  /** The root is the host's: what its files say needs no repeating. */
  readonly hostRoot: boolean
  /** Nothing is written on the host if a file has to be made as a place for the mount. */
  readonly isThrownAway: boolean
}

const LOCALHOST = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n'

/**
 * /etc/hosts, /etc/hostname and /etc/resolv.conf as Docker gives them. In a directory that stays, only those that an
 * option asks for or the network needs: a mount needs a file to be mounted on, and one that is missing would be made.
 */
export function nameFiles(names: Names): FileMount[] {
  const { hostname, hosts, nameServers, hostNetwork, hostRoot, isThrownAway } = names
  const lines = hosts.map(({ address, name }) => `${address}\t${name}\n`).join('')
  const own = hostname === undefined ? '' : `127.0.1.1\t${hostname}\n`
  const base = hostNetwork ? readHost('/etc/hosts', LOCALHOST) : LOCALHOST
  const files: FileMount[] = []
  if (hosts.length > 0 || (hostNetwork && !hostRoot) || (isThrownAway && hostname !== undefined)) {
    files.push({
      destination: '/etc/hosts',
      content: base + own + lines,
      origin: hosts.length > 0 ? '--add-host' : 'default',
    })
  }
  if (isThrownAway && hostname !== undefined) {
    files.push({ destination: '/etc/hostname', content: `${hostname}\n`, origin: 'default' })
  }
  if (nameServers.length > 0) {
    const content = nameServers.map((address) => `nameserver ${address}\n`).join('')
    files.push({ destination: '/etc/resolv.conf', content, origin: '--dns' })
  } else if (hostNetwork && !hostRoot) {
    const content = readHost('/etc/resolv.conf', '')
    files.push({ destination: '/etc/resolv.conf', content, origin: '--network host' })
  }
  return files
}

function readHost(path: string, otherwise: string): string {
  try {
    return textFromBytes(readFileSync(path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise
    throw error
  }
}
