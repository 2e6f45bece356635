/** Layouts of the kernel's structs on 64-bit little-endian Linux (x64 and arm64 agree on all of these). */

/** Width and signedness of a field. */
export type FieldType = 'u8' | 'u16' | 'u32' | 's32' | 'u64' | 's64'

export interface StructLayout {
  readonly name: string
  readonly size: number
  readonly fields: Readonly<Record<string, { readonly offset: number; readonly type: FieldType }>>
}

const WIDTH: Record<FieldType, number> = { u8: 1, u16: 2, u32: 4, s32: 4, u64: 8, s64: 8 }

/** Bytes of a field of this type. */
export const fieldWidth = (type: FieldType): number => WIDTH[type]

const define = (name: string, fields: Record<string, FieldType>, minimum = 0): StructLayout => {
  const laid: Record<string, { offset: number; type: FieldType }> = {}
  let at = 0
  let align = 1
  for (const [field, type] of Object.entries(fields)) {
    const width = WIDTH[type]
    align = Math.max(align, width)
    at = Math.ceil(at / width) * width
    laid[field] = { offset: at, type }
    at += width
  }
  return { name, size: Math.max(minimum, Math.ceil(at / align) * align), fields: laid }
}

const LAYOUTS = [
  // from uapi/linux/openat2.h
  define('open_how', { flags: 'u64', mode: 'u64', resolve: 'u64' }),
  // from uapi/linux/mount.h
  define('mount_attr', { attr_set: 'u64', attr_clr: 'u64', propagation: 'u64', userns_fd: 'u64' }),
  // from uapi/linux/sched.h
  define('clone_args', {
    flags: 'u64',
    pidfd: 'u64',
    child_tid: 'u64',
    parent_tid: 'u64',
    exit_signal: 'u64',
    stack: 'u64',
    stack_size: 'u64',
    tls: 'u64',
    set_tid: 'u64',
    set_tid_size: 'u64',
    cgroup: 'u64',
  }),
  // from uapi/linux/time.h
  define('timespec', { tv_sec: 's64', tv_nsec: 's64' }),
  // from uapi/linux/resource.h
  define('rlimit64', { rlim_cur: 'u64', rlim_max: 'u64' }),
  // from uapi/linux/uio.h
  define('iovec', { iov_base: 'u64', iov_len: 'u64' }),
  // from uapi/asm-generic/poll.h
  define('pollfd', { fd: 's32', events: 'u16', revents: 'u16' }),
  // from uapi/asm-generic/siginfo.h: the fields that wait fills for SIGCHLD
  define(
    'siginfo',
    { si_signo: 's32', si_errno: 's32', si_code: 's32', pad: 's32', si_pid: 's32', si_uid: 'u32', si_status: 's32' },
    128,
  ),
  // from uapi/linux/capability.h, version 3
  define('cap_user_header', { version: 'u32', pid: 's32' }),
  define('cap_user_data', {
    effective0: 'u32',
    permitted0: 'u32',
    inheritable0: 'u32',
    effective1: 'u32',
    permitted1: 'u32',
    inheritable1: 'u32',
  }),
] as const

const BY_NAME = new Map<string, StructLayout>(LAYOUTS.map((layout) => [layout.name, layout]))

/**
 * The layout of a kernel struct.
 *
 * @throws Error if the name is not in the table (a mistake in the calling code, not in its input)
 */
export function structLayout(name: string): StructLayout {
  const layout = BY_NAME.get(name)
  if (!layout) throw new Error(`no layout for struct ${name}`)
  return layout
}

/** Write one field into a struct's bytes. Values are truncated to the field's width, as in C. */
export function writeField(view: DataView, type: FieldType, offset: number, value: number | bigint): void {
  const bits = BigInt.asUintN(64, BigInt(value))
  switch (WIDTH[type]) {
    case 1:
      return view.setUint8(offset, Number(bits & 0xffn))
    case 2:
      return view.setUint16(offset, Number(bits & 0xffffn), true)
    case 4:
      return view.setUint32(offset, Number(bits & 0xffffffffn), true)
    default:
      return view.setBigUint64(offset, bits, true)
  }
}
