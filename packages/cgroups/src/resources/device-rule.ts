/** One line of a device list, as the OCI runtime specification has it (config-linux.md, "Allowed Device list"). */
export interface DeviceRule {
  readonly allow: boolean
  /** `c` and `b`: character and block devices; `a`: both. */
  readonly type: 'a' | 'b' | 'c'
  /** Absent: any. */
  readonly major?: number | undefined
  /** Absent: any. */
  readonly minor?: number | undefined
  /** Of `r` (read), `w` (write), `m` (mknod), in any order. */
  readonly access: string
}

const device = (major: number, minor?: number): DeviceRule => ({
  allow: true,
  type: 'c',
  major,
  ...(minor === undefined ? {} : { minor }),
  access: 'rwm',
})

/**
 * What a container of Docker's may do with devices: make any node, use the harmless ones. Nodes that can be made but
 * not opened are no danger, and unpacking archives needs them.
 */
export const DEFAULT_DEVICES: readonly DeviceRule[] = [
  { allow: false, type: 'a', access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  device(1, 3), // null
  device(1, 5), // zero
  device(1, 7), // full
  device(1, 8), // random
  device(1, 9), // urandom
  device(5, 0), // tty
  device(5, 1), // console
  device(5, 2), // ptmx
  device(136), // the pseudo-terminals of devpts
]

/** `c 1:3 rwm`, as devices.list of cgroup v1 prints it. */
export const formatDeviceRule = ({ type, major, minor, access }: DeviceRule): string =>
  `${type} ${major ?? '*'}:${minor ?? '*'} ${access}`
