import { existsSync, readFileSync } from 'node:fs'

const STATUS = '/proc/self/status'

/** SECCOMP_MODE_FILTER in the kernel's words. */
const FILTERED = /^Seccomp:\s*2$/m

/**
 * What Docker's default filter answers with EPERM, whatever the kernel would say: calls of a container's set-up, and of
 * its end. Podman's and containerd's answer alike.
 */
const REFUSED: ReadonlySet<string> = new Set([
  'add_key',
  'bpf',
  'clone',
  'fsconfig',
  'fsmount',
  'fsopen',
  'fspick',
  'keyctl',
  'mount',
  'mount_setattr',
  'move_mount',
  'open_by_handle_at',
  'open_tree',
  'open_tree_attr',
  'pivot_root',
  'quotactl',
  'reboot',
  'request_key',
  'setdomainname',
  'sethostname',
  'setns',
  'swapoff',
  'swapon',
  'syslog',
  'umount2',
  'unshare',
])

/** Whether this process runs under a seccomp filter; what it starts does too. False where there is no procfs to ask. */
const isFiltered = (): boolean => existsSync(STATUS) && FILTERED.test(readFileSync(STATUS, 'utf8'))

/**
 * What to do about a call that fails with EPERM inside a container whose filter refuses it: it looks like a missing
 * capability, which may well be there. undefined if it can't be that.
 */
export function outerFilterHint(syscall: string, errno: string | undefined, filtered = isFiltered): string | undefined {
  // The file is read for such a failure only.
  if (errno !== 'EPERM' || !REFUSED.has(syscall) || !filtered()) return undefined
  return (
    `this process runs under a seccomp filter, which an outer container gave it and which may forbid ${syscall}: give ` +
    'that one --security-opt seccomp=unconfined, or --privileged'
  )
}
