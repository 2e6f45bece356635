import { readFileSync } from 'node:fs'
import type { FileMount } from '@rt/mountns'
import { textFromBytes } from '@rt/sys'
import type { HostEntry } from '../values/host-entry.js'

/** What the container's files of names should say. */
export interface Names {
  /** The container's; undefined: it has the host's. */
  readonly hostname: string | undefined
  /** What the host is called. */
  readonly hostsName: string
  readonly hosts: readonly HostEntry[]
  readonly nameServers: readonly string[]
  /** Domains and options of resolv.conf(5) that are asked for. */
  readonly search: readonly string[]
  readonly options: readonly string[]
  /** The container is in the host's network, so that the host's names are right for it. */
  readonly hostNetwork: boolean
}

const LOCALHOST = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n'

/**
 * /etc/hosts, /etc/hostname and /etc/resolv.conf as Docker gives them, whatever the root is: without the first a bare
 * root doesn't know `localhost`, and many roots have the third as a symlink to nowhere.
 */
export function nameFiles({ hostname, hostsName, hosts, hostNetwork, ...resolver }: Names): FileMount[] {
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
    { destination: '/etc/resolv.conf', ...resolverFile(resolver, hostNetwork) },
  ]
}

/** The host's file, with what is asked for in place of its lines of that kind, as Docker does it. */
function resolverFile(
  { nameServers, search, options }: Pick<Names, 'nameServers' | 'search' | 'options'>,
  hostNetwork: boolean,
): Pick<FileMount, 'content' | 'origin'> {
  const host = readHost('/etc/resolv.conf', '')
  const asked = [
    nameServers.length > 0 && '--dns',
    search.length > 0 && '--dns-search',
    options.length > 0 && '--dns-option',
  ].filter((each) => each !== false)
  if (asked.length === 0) return { content: host, origin: hostNetwork ? '--network host' : 'default' }
  const hosts = (keyword: RegExp): string[] => host.split('\n').filter((line) => keyword.test(line))
  const domains = search.filter((domain) => domain !== '.')
  const lines = [
    ...(nameServers.length > 0 ? nameServers.map((address) => `nameserver ${address}`) : hosts(/^\s*nameserver\s/)),
    ...(search.length > 0
      ? domains.length > 0
        ? [`search ${domains.join(' ')}`]
        : []
      : hosts(/^\s*(search|domain)\s/)),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : hosts(/^\s*options\s/)),
  ]
  return { content: lines.map((line) => `${line}\n`).join(''), origin: asked.join(' ') }
}

/** A last line without its newline must not swallow what follows it. */
const ended = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

function readHost(path: string, otherwise: string): string {
  try {
    return textFromBytes(readFileSync(path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise
    throw error
  }
}
