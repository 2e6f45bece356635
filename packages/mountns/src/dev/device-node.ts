import type { Complaint } from '@rt/sys'
import { S_IFBLK, S_IFCHR, S_IFIFO } from '@rt/sys'
import { cleanDestination } from '../destination/destination.js'

/** A device node, in the words of OCI's linux.devices. */
export interface DeviceNode {
  /** Absolute path in the container. */
  readonly path: string
  /** Character device (`u` is the same), block device, or fifo. */
  readonly type: 'c' | 'u' | 'b' | 'p'
  /** Not for a fifo. */
  readonly major?: number
  readonly minor?: number
  /** Default 0o666. */
  readonly fileMode?: number
  /** Owner in the container; default 0. */
  readonly uid?: number
  readonly gid?: number
  /** Where the host has it; default: the same path. Used where a node can't be made but only bound. */
  readonly source?: string
}

/** The devices of any container: those that programs rely on and that reveal nothing. */
export const DEFAULT_DEVICES: readonly DeviceNode[] = [
  { path: '/dev/null', type: 'c', major: 1, minor: 3 },
  { path: '/dev/zero', type: 'c', major: 1, minor: 5 },
  { path: '/dev/full', type: 'c', major: 1, minor: 7 },
  { path: '/dev/random', type: 'c', major: 1, minor: 8 },
  { path: '/dev/urandom', type: 'c', major: 1, minor: 9 },
  { path: '/dev/tty', type: 'c', major: 5, minor: 0 },
]

export const FILE_TYPE: Readonly<Record<DeviceNode['type'], number>> = {
  c: S_IFCHR,
  u: S_IFCHR,
  b: S_IFBLK,
  p: S_IFIFO,
}

const MAJORS = 1 << 12
const MINORS = 1 << 20

/**
 * dev_t as mknod(2) takes it: 12 bits of major between the low 8 and the high 12 bits of minor
 * (include/linux/kdev_t.h, new_encode_dev).
 */
export const deviceNumber = (major: number, minor: number): number =>
  ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0

export const majorOf = (device: number): number => (device >>> 8) & 0xfff
export const minorOf = (device: number): number => (device & 0xff) | ((device >>> 12) & 0xfff00)

export function checkDeviceNode(
  path: string,
  { path: place, type, major = 0, minor = 0, fileMode = 0o666 }: DeviceNode,
): Complaint[] {
  const complaints: Complaint[] = []
  const complain = (field: string, message: string) => complaints.push({ path: `${path}.${field}`, message })
  if (!place.startsWith('/') || place.includes('\0') || cleanDestination(place) === '/') {
    complain('path', `expected an absolute path, got ${JSON.stringify(place)}`)
  }
  if (!Object.hasOwn(FILE_TYPE, type)) complain('type', `expected c, u, b or p, got ${JSON.stringify(type)}`)
  if (!Number.isInteger(major) || major < 0 || major >= MAJORS)
    complain('major', `expected 0 … ${MAJORS - 1}, got ${major}`)
  if (!Number.isInteger(minor) || minor < 0 || minor >= MINORS)
    complain('minor', `expected 0 … ${MINORS - 1}, got ${minor}`)
  if (!Number.isInteger(fileMode) || fileMode < 0 || fileMode > 0o7777) {
    complain('fileMode', `expected 0 … 0o7777, got ${fileMode}`)
  }
  return complaints
}
