/** Layouts of the kernel's structs on 64-bit little-endian Linux: x64 and arm64 agree on all of these. */

import { word } from './native/arguments.js'

/** Width and signedness of a field. */
export type FieldType = 'u8' | 'u16' | 'u32' | 's32' | 'u64' | 's64'

export interface StructField {
  readonly offset: number
  readonly type: FieldType
  /** Elements, if the field is an array. */
  readonly count?: number
}

export interface StructLayout {
  readonly name: string
  /** sizeof, with the padding at the end. */
  readonly size: number
  readonly fields: Readonly<Record<string, StructField>>
}

const WIDTH: Readonly<Record<FieldType, number>> = { u8: 1, u16: 2, u32: 4, s32: 4, u64: 8, s64: 8 }

/** Bytes of a field (or of an array's element) of this type. */
export const fieldWidth = (type: FieldType): number => WIDTH[type]

/** Fields in order, an array as [type, count]. Offsets follow from C's rule: each field at a multiple of its width. */
type Declaration = Readonly<Record<string, FieldType | readonly [FieldType, number]>>

const DECLARATIONS = {
  // from uapi/linux/openat2.h
  open_how: { flags: 'u64', mode: 'u64', resolve: 'u64' },
  // from uapi/linux/mount.h
  mount_attr: { attr_set: 'u64', attr_clr: 'u64', propagation: 'u64', userns_fd: 'u64' },
  // from uapi/linux/mount.h; mnt_ns_id since Linux 6.11
  mnt_id_req: { size: 'u32', spare: 'u32', mnt_id: 'u64', param: 'u64', mnt_ns_id: 'u64' },
  // from uapi/linux/mount.h: what statmount(2) fills; the strings follow it, the u32 fields are offsets into them
  statmount: {
    size: 'u32',
    mnt_opts: 'u32',
    mask: 'u64',
    sb_dev_major: 'u32',
    sb_dev_minor: 'u32',
    sb_magic: 'u64',
    sb_flags: 'u32',
    fs_type: 'u32',
    mnt_id: 'u64',
    mnt_parent_id: 'u64',
    mnt_id_old: 'u32',
    mnt_parent_id_old: 'u32',
    mnt_attr: 'u64',
    mnt_propagation: 'u64',
    mnt_peer_group: 'u64',
    mnt_master: 'u64',
    propagate_from: 'u64',
    mnt_root: 'u32',
    mnt_point: 'u32',
    mnt_ns_id: 'u64',
    fs_subtype: 'u32',
    sb_source: 'u32',
    opt_num: 'u32',
    opt_array: 'u32',
    opt_sec_num: 'u32',
    opt_sec_array: 'u32',
    supported_mask: 'u64',
    mnt_uidmap_num: 'u32',
    mnt_uidmap: 'u32',
    mnt_gidmap_num: 'u32',
    mnt_gidmap: 'u32',
    spare: ['u64', 43],
  },
  // from uapi/linux/sched.h
  clone_args: {
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
  },
  // from uapi/linux/sched/types.h
  sched_attr: {
    size: 'u32',
    sched_policy: 'u32',
    sched_flags: 'u64',
    sched_nice: 's32',
    sched_priority: 'u32',
    sched_runtime: 'u64',
    sched_deadline: 'u64',
    sched_period: 'u64',
    sched_util_min: 'u32',
    sched_util_max: 'u32',
  },
  // from uapi/linux/time.h
  timespec: { tv_sec: 's64', tv_nsec: 's64' },
  // from uapi/linux/resource.h
  rlimit64: { rlim_cur: 'u64', rlim_max: 'u64' },
  // from uapi/linux/uio.h
  iovec: { iov_base: 'u64', iov_len: 'u64' },
  // from linux/socket.h: struct user_msghdr
  msghdr: {
    msg_name: 'u64',
    msg_namelen: 's32',
    msg_iov: 'u64',
    msg_iovlen: 'u64',
    msg_control: 'u64',
    msg_controllen: 'u64',
    msg_flags: 'u32',
  },
  // from linux/socket.h; the data follow at once
  cmsghdr: { cmsg_len: 'u64', cmsg_level: 's32', cmsg_type: 's32' },
  // from uapi/asm-generic/poll.h
  pollfd: { fd: 's32', events: 'u16', revents: 'u16' },
  // from uapi/asm-generic/siginfo.h: the fields that wait fills for SIGCHLD
  siginfo: {
    si_signo: 's32',
    si_errno: 's32',
    si_code: 's32',
    pad: 's32',
    si_pid: 's32',
    si_uid: 'u32',
    si_status: 's32',
    rest: ['u8', 100],
  },
  // from uapi/linux/capability.h, version 3: the data are two structs, for the lower and the upper 32 bits
  cap_user_header: { version: 'u32', pid: 's32' },
  cap_user_data: {
    effective0: 'u32',
    permitted0: 'u32',
    inheritable0: 'u32',
    effective1: 'u32',
    permitted1: 'u32',
    inheritable1: 'u32',
  },
  // from uapi/asm-generic/statfs.h
  statfs: {
    f_type: 's64',
    f_bsize: 's64',
    f_blocks: 'u64',
    f_bfree: 'u64',
    f_bavail: 'u64',
    f_files: 'u64',
    f_ffree: 'u64',
    f_fsid: ['s32', 2],
    f_namelen: 's64',
    f_frsize: 's64',
    f_flags: 's64',
    f_spare: ['s64', 4],
  },
  // from uapi/linux/stat.h; the four times are struct statx_timestamp
  statx: {
    stx_mask: 'u32',
    stx_blksize: 'u32',
    stx_attributes: 'u64',
    stx_nlink: 'u32',
    stx_uid: 'u32',
    stx_gid: 'u32',
    stx_mode: 'u16',
    spare0: 'u16',
    stx_ino: 'u64',
    stx_size: 'u64',
    stx_blocks: 'u64',
    stx_attributes_mask: 'u64',
    stx_atime_sec: 's64',
    stx_atime_nsec: 'u32',
    spare1: 's32',
    stx_btime_sec: 's64',
    stx_btime_nsec: 'u32',
    spare2: 's32',
    stx_ctime_sec: 's64',
    stx_ctime_nsec: 'u32',
    spare3: 's32',
    stx_mtime_sec: 's64',
    stx_mtime_nsec: 'u32',
    spare4: 's32',
    stx_rdev_major: 'u32',
    stx_rdev_minor: 'u32',
    stx_dev_major: 'u32',
    stx_dev_minor: 'u32',
    stx_mnt_id: 'u64',
    spare5: ['u64', 13],
  },
  // from uapi/asm-generic/termbits.h: the kernel's termios, not libc's
  termios: { c_iflag: 'u32', c_oflag: 'u32', c_cflag: 'u32', c_lflag: 'u32', c_line: 'u8', c_cc: ['u8', 19] },
  // from uapi/asm-generic/termios.h
  winsize: { ws_row: 'u16', ws_col: 'u16', ws_xpixel: 'u16', ws_ypixel: 'u16' },
} as const satisfies Readonly<Record<string, Declaration>>

/** A struct whose layout is known. */
export type StructName = keyof typeof DECLARATIONS

const layouts = new Map<string, StructLayout>()
/** The fields of each layout in order, for {@link decodeStruct}. */
const ordered = new Map<string, readonly (readonly [name: string, field: StructField, end: number])[]>()

function lay(name: string, declaration: Declaration): StructLayout {
  const fields: Record<string, StructField> = {}
  let at = 0
  let align = 1
  for (const [field, declared] of Object.entries(declaration)) {
    const [type, count] = typeof declared === 'string' ? [declared, undefined] : declared
    const width = WIDTH[type]
    align = Math.max(align, width)
    at = Math.ceil(at / width) * width
    fields[field] = count === undefined ? { offset: at, type } : { offset: at, type, count }
    at += width * (count ?? 1)
  }
  return { name, size: Math.ceil(at / align) * align, fields }
}

/** Whether {@link structLayout} knows this name. */
export const hasStruct = (name: string): name is StructName => Object.hasOwn(DECLARATIONS, name)

/** Every name that {@link structLayout} knows. */
export const STRUCT_NAMES = Object.keys(DECLARATIONS) as readonly StructName[]

/**
 * The layout of a kernel struct.
 *
 * @throws Error if the name is not in the table (a mistake in the calling code, not in its input)
 */
export function structLayout(name: string): StructLayout {
  let layout = layouts.get(name)
  if (layout) return layout
  if (!hasStruct(name)) throw new Error(`no layout for struct ${name}`)
  layout = lay(name, DECLARATIONS[name])
  layouts.set(name, layout)
  return layout
}

/** Write one field into a struct's bytes. Values are truncated to the field's width, as in C. */
export function writeField(view: DataView, type: FieldType, offset: number, value: number | bigint): void {
  const content = word(value, 'a field')
  const width = WIDTH[type]
  if (width <= 4 && typeof content === 'number') {
    // The conversions are modulo 2^32, and BigInts are slow.
    if (width === 4) view.setUint32(offset, content, true)
    else if (width === 2) view.setUint16(offset, content, true)
    else view.setUint8(offset, content)
    return
  }
  const bits = BigInt.asUintN(64, BigInt(content))
  if (width === 8) view.setBigUint64(offset, bits, true)
  else if (width === 4) view.setUint32(offset, Number(bits & 0xffffffffn), true)
  else if (width === 2) view.setUint16(offset, Number(bits & 0xffffn), true)
  else view.setUint8(offset, Number(bits & 0xffn))
}

/** Read one field: a bigint if it is 64 bits wide, else a number. */
export function readField(view: DataView, type: FieldType, offset: number): number | bigint {
  switch (type) {
    case 'u8':
      return view.getUint8(offset)
    case 'u16':
      return view.getUint16(offset, true)
    case 'u32':
      return view.getUint32(offset, true)
    case 's32':
      return view.getInt32(offset, true)
    case 'u64':
      return view.getBigUint64(offset, true)
    case 's64':
      return view.getBigInt64(offset, true)
  }
}

/**
 * A struct as bytes; fields not given are zero.
 *
 * @throws Error for a struct or field that is not in the table
 */
export function encodeStruct(name: string, fields: Readonly<Record<string, number | bigint>>): Buffer {
  const layout = structLayout(name)
  const bytes = Buffer.alloc(layout.size)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const [field, value] of Object.entries(fields)) {
    const at = layout.fields[field]
    if (!at) throw new Error(`struct ${name} has no field ${field}`)
    writeField(view, at.type, at.offset, value)
  }
  return bytes
}

/**
 * A struct's fields by name: numbers, bigints for those of 64 bits, and the bytes of arrays. Bytes may end early, as an
 * older version of an extensible struct does: fields beyond are left out.
 *
 * @throws Error for a struct that is not in the table
 */
export function decodeStruct(name: string, bytes: Uint8Array): Record<string, number | bigint | Uint8Array> {
  let fields = ordered.get(name)
  if (!fields) {
    const end = ({ offset, type, count }: StructField) => offset + WIDTH[type] * (count ?? 1)
    fields = Object.entries(structLayout(name).fields).map(([field, at]) => [field, at, end(at)] as const)
    ordered.set(name, fields)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const decoded: Record<string, number | bigint | Uint8Array> = {}
  for (const [field, { offset, type, count }, end] of fields) {
    if (end > bytes.byteLength) break
    decoded[field] = count === undefined ? readField(view, type, offset) : bytes.subarray(offset, end)
  }
  return decoded
}
