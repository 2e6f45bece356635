import { call, type Step } from '@rt/program'

/** Which namespaces the container gets of its own; see namespaces(7). */
export interface NamespaceOptions {
  readonly mount?: boolean
  readonly pid?: boolean
  readonly uts?: boolean
  readonly ipc?: boolean
  readonly net?: boolean
  readonly cgroup?: boolean
  readonly origin?: string
}

const CLONE = { mount: 0x20000, uts: 0x4000000, ipc: 0x8000000, pid: 0x20000000, net: 0x40000000 } as const
const CLONE_NEWCGROUP = 0x2000000
const MS_REC_PRIVATE = 0x4000 | 0x40000

/**
 * New namespaces for init. Propagation of the whole mount tree is made private before anything is mounted: a systemd
 * host shares it, and mounts made in the container would show up outside.
 */
export function namespaces(options: NamespaceOptions): Step {
  let clone = 0
  for (const [name, flag] of Object.entries(CLONE)) if (options[name as keyof typeof CLONE]) clone |= flag
  return {
    name: 'namespaces',
    why: 'the container sees its own mounts, processes, names and networks',
    origin: options.origin ?? 'default',
    clone,
    ...(options.mount
      ? { enter: [call('mount', [null, '/', null, MS_REC_PRIVATE, null], { why: 'nothing shows on the host' })] }
      : {}),
    // The namespace's root is the cgroup the process is in, so it follows the joining (all `enter` phases).
    ...(options.cgroup ? { inside: [call('unshare', [CLONE_NEWCGROUP])] } : {}),
  }
}
