import { branch, buffer, type Call, call, fail, type Instruction, label, ref, type Value } from '@rt/program'
import {
  AT_EMPTY_PATH,
  PROC_SUPER_MAGIC,
  quote,
  S_IFMT,
  STATX_MODE,
  STATX_TYPE,
  SYSFS_MAGIC,
  structLayout,
} from '@rt/sys'

/** Scratch memory of the whole plan: what statx(2) and fstatfs(2) fill is looked at by the next instruction. */
const STATX = '$statx'
const STATFS = '$statfs'

const offset = (struct: string, field: string): number => structLayout(struct).fields[field]?.offset as number

/** statx(2) of an fd; {@link fileTypeIs} and {@link deviceIs} then look at the answer. */
export const statFd = (fd: Value): Call =>
  call('statx', [fd, '', AT_EMPTY_PATH, STATX_TYPE | STATX_MODE, buffer(STATX, structLayout('statx').size)])

/** Compare the type of what {@link statFd} looked at; `then` and `else` are labels. */
export const fileTypeIs = (type: number, targets: { then?: string; else?: string }): Instruction =>
  branch(ref(STATX, offset('statx', 'stx_mode')), type, { mask: S_IFMT, ...targets })

/** Compare the device number of what {@link statFd} looked at. */
export const deviceIs = (major: number, minor: number, targets: { then?: string; else?: string }): Instruction =>
  branch(
    ref(STATX, offset('statx', 'stx_rdev_major')),
    (BigInt(minor) << 32n) | BigInt(major),
    // The minor follows the major: one comparison for both.
    targets,
  )

/**
 * The fd is a procfs, or the set-up ends: what is written into a tmpfs that poses as /proc goes nowhere
 * (CVE-2019-16884, CVE-2025-52881).
 */
export const verifyProc = (name: string): Instruction[] => [
  call('fstatfs', [ref(name), buffer(STATFS, structLayout('statfs').size)]),
  branch(ref(STATFS, offset('statfs', 'f_type')), PROC_SUPER_MAGIC, { then: `${name} is proc` }),
  fail('expected procfs at "/proc", got another file system', 'mount the real one: mount -t proc proc /proc'),
  label(`${name} is proc`),
]

const KERNELS_OWN = [
  { place: '/proc', type: 'procfs', magic: PROC_SUPER_MAGIC },
  { place: '/sys', type: 'sysfs', magic: SYSFS_MAGIC },
] as const

/**
 * What is bound from outside on /proc or /sys is procfs or sysfs, or the set-up ends: look-ups beneath it (masks, say)
 * count on that. A new one needs no such look.
 */
export const verifyKernelsOwn = (name: string, destination: string): Instruction[] =>
  KERNELS_OWN.filter(({ place }) => place === destination).flatMap(({ place, type, magic }) => [
    call('fstatfs', [ref(name), buffer(STATFS, structLayout('statfs').size)]),
    branch(ref(STATFS, offset('statfs', 'f_type')), magic, { then: `${name} is ${type}` }),
    fail(`expected ${type} at "${place}" of the host, got another file system`, `mount the real one there`),
    label(`${name} is ${type}`),
  ])

/**
 * A destination that isn't called so is not in /proc or /sys, or the set-up ends: a symlink of the image would lead the
 * mount there and make a fake of it (CVE-2019-16884). What is called so was looked at before, by its name.
 */
export function verifyDestination(name: string, destination: string): Instruction[] {
  const forbidden = KERNELS_OWN.filter(({ place }) => destination !== place && !destination.startsWith(`${place}/`))
  return [
    call('fstatfs', [ref(name), buffer(STATFS, structLayout('statfs').size)]),
    ...forbidden.flatMap(({ place, magic }) => [
      branch(ref(STATFS, offset('statfs', 'f_type')), magic, { else: `not in ${place}` }),
      fail(
        `${quote(destination)} leads into ${place}, which nothing may be mounted on`,
        'a symlink in the root filesystem leads there: an attack, if it is not a mistake',
      ),
      label(`not in ${place}`),
    ]),
  ]
}
