import { CAPABILITIES, type CapabilityName } from '@rt/sys'
import { type Check, fail, type Host, ok, warn } from './check.js'

/** What each capability is for, in rt; without the first group there is no container. */
const NEEDED: Readonly<Partial<Record<CapabilityName, string>>> = {
  CAP_SYS_ADMIN: 'namespaces, mounts, pivot_root',
  CAP_SETUID: 'changing the user',
  CAP_SETGID: 'changing the group',
  CAP_SETPCAP: 'dropping capabilities for good',
}
const USED: Readonly<Partial<Record<CapabilityName, string>>> = {
  CAP_CHOWN: "unpacking other users' files",
  CAP_DAC_OVERRIDE: "unpacking into other users' directories",
  CAP_FOWNER: "changing other users' files",
  CAP_MKNOD: 'unpacking device nodes',
  CAP_NET_ADMIN: 'switching on the loopback device',
  CAP_SETFCAP: 'unpacking files with capabilities',
  CAP_SYS_CHROOT: 'plain chroot (rt lab 3)',
  CAP_SYS_RESOURCE: 'raising limits: --ulimit above the hard limit, a negative --oom-score-adj',
  CAP_SYS_PTRACE: 'rt exec into containers of others',
}

/** The capabilities that rt has. */
export function capabilityCheck(host: Host): Check {
  const set = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(host.read('/proc/self/status') ?? '')?.[1] ?? '0'}`)
  if (set === 0n && host.uid !== 0)
    return ok('capabilities', 'none, as a plain user: rt makes a user namespace, and has them there')
  const missing = (table: typeof USED) =>
    Object.entries(table).filter(([name]) => !(set & (1n << BigInt(CAPABILITIES[name as CapabilityName]))))
  const tell = (rows: [string, string][]) => rows.map(([name, use]) => `${name} (${use})`).join(', ')
  const [needed, used] = [missing(NEEDED), missing(USED)]
  const outer = 'an outer container took it away: start that one with it, or as privileged'
  if (needed.length) return fail('capabilities', `missing: ${tell([...needed, ...used])}`, outer)
  if (used.length) return warn('capabilities', `missing: ${tell(used)}`, outer)
  return ok('capabilities', 'all that rt uses')
}
