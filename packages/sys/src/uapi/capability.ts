/**
 * include/uapi/linux/capability.h: capability names and numbers, and the header version of capget(2), capset(2).
 */

/** Capability name → bit number. The order is the kernel's. */
export const CAPABILITIES = Object.freeze({
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_DAC_READ_SEARCH: 2,
  CAP_FOWNER: 3,
  CAP_FSETID: 4,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_LINUX_IMMUTABLE: 9,
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_BROADCAST: 11,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_IPC_LOCK: 14,
  CAP_IPC_OWNER: 15,
  CAP_SYS_MODULE: 16,
  CAP_SYS_RAWIO: 17,
  CAP_SYS_CHROOT: 18,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_PACCT: 20,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_BOOT: 22,
  CAP_SYS_NICE: 23,
  CAP_SYS_RESOURCE: 24,
  CAP_SYS_TIME: 25,
  CAP_SYS_TTY_CONFIG: 26,
  CAP_MKNOD: 27,
  CAP_LEASE: 28,
  CAP_AUDIT_WRITE: 29,
  CAP_AUDIT_CONTROL: 30,
  CAP_SETFCAP: 31,
  CAP_MAC_OVERRIDE: 32,
  CAP_MAC_ADMIN: 33,
  CAP_SYSLOG: 34,
  CAP_WAKE_ALARM: 35,
  CAP_BLOCK_SUSPEND: 36,
  CAP_AUDIT_READ: 37,
  CAP_PERFMON: 38, // Linux 5.8
  CAP_BPF: 39, // Linux 5.8
  CAP_CHECKPOINT_RESTORE: 40, // Linux 5.9
} as const)

/** A capability by its kernel name, with `CAP_`. */
export type CapabilityName = keyof typeof CAPABILITIES

/** The newest capability that this table knows; the running kernel's is in /proc/sys/kernel/cap_last_cap. */
export const CAP_LAST_CAP = 40

const byNumber = new Map<number, CapabilityName>(
  Object.entries(CAPABILITIES).map(([name, number]) => [number, name as CapabilityName]),
)

/** The name of a capability number, or undefined if it is newer than the table. */
export const capabilityName = (number: number | bigint): CapabilityName | undefined => byNumber.get(Number(number))

/** The number of a capability by name (`CAP_` and letter case optional: Docker writes `NET_ADMIN`), or undefined. */
export function capabilityNumber(name: string): number | undefined {
  const upper = name.toUpperCase()
  return (CAPABILITIES as Readonly<Record<string, number>>)[upper.startsWith('CAP_') ? upper : `CAP_${upper}`]
}

/** capget(2), capset(2): 64-bit sets as two 32-bit halves. */
export const LINUX_CAPABILITY_VERSION_3 = 0x20080522
