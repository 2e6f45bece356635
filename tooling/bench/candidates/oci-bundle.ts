import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_PROFILE, resolveProfile } from '@rt/seccomp'
import type { CapabilityName } from '@rt/sys'
import { temporaryFolder } from '../../fixtures/index.js'
import { benchRoot } from '../root.js'

const tmpfs = (destination: string, ...options: string[]) => ({
  destination,
  type: 'tmpfs',
  source: 'tmpfs',
  options: ['nosuid', ...options],
})

/** Docker's defaults, as rt has them too: mounts, capabilities, masks, the filter of system calls. */
const config = (cgroupsPath: string | undefined) => ({
  ociVersion: '1.0.2',
  process: {
    user: { uid: 0, gid: 0 },
    args: ['/bin/true'],
    env: ['PATH=/bin', 'HOME=/root'],
    cwd: '/',
    noNewPrivileges: false,
    capabilities: Object.fromEntries(['bounding', 'effective', 'permitted'].map((set) => [set, capabilities])),
  },
  root: { path: benchRoot(), readonly: false },
  hostname: 'rt',
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    tmpfs('/dev', 'strictatime', 'mode=755', 'size=65536k'),
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    tmpfs('/dev/shm', 'noexec', 'nodev', 'mode=1777', 'size=65536k'),
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
  ],
  linux: {
    namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type })),
    maskedPaths: [
      '/proc/asound',
      '/proc/acpi',
      '/proc/interrupts',
      '/proc/kcore',
      '/proc/keys',
      '/proc/latency_stats',
      '/proc/timer_list',
      '/proc/timer_stats',
      '/proc/sched_debug',
      '/proc/scsi',
      '/sys/firmware',
      '/sys/devices/virtual/powercap',
    ],
    readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    seccomp: resolveProfile(DEFAULT_PROFILE, { capabilities }),
    ...(cgroupsPath ? { cgroupsPath, resources: { pids: { limit: 64 } } } : {}),
  },
})

const capabilities: readonly CapabilityName[] = [
  'CAP_AUDIT_WRITE',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
]

/**
 * A bundle (runtime-spec) that runs /bin/true with Docker's defaults.
 *
 * @param cgroupsPath the container's cgroup, or undefined for a runtime that is told to make none.
 */
export function ociBundle(cgroupsPath: string | undefined): string {
  const bundle = temporaryFolder('bundle')
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config(cgroupsPath)))
  return bundle
}
