// requires gcc, and aarch64-linux-gnu-gcc with libc6-dev-arm64-cross for arm64
import {
  decodeStruct,
  encodeStruct,
  type FieldType,
  fieldWidth,
  hasStruct,
  readField,
  STRUCT_NAMES,
  type StructName,
  structLayout,
  writeField,
} from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { nativeLibrary } from '../src/native/library.js'
import { COMPILERS, falseAssertions, hasCompiler } from './c-compiler.js'

/** The C type of a layout, where it is declared, and fields that have another name there. */
interface CType {
  readonly header: string
  readonly type: string
  readonly fields?: Readonly<Record<string, string>>
  /** Fields that C calls padding, or that are newer than Debian's headers. */
  readonly without?: readonly string[]
}

const timestamps = Object.fromEntries(
  ['atime', 'btime', 'ctime', 'mtime'].flatMap((time) => [
    [`stx_${time}_sec`, `stx_${time}.tv_sec`],
    [`stx_${time}_nsec`, `stx_${time}.tv_nsec`],
  ]),
)

const C: Readonly<Partial<Record<StructName, CType>>> = {
  open_how: { header: 'linux/openat2.h', type: 'struct open_how' },
  mount_attr: { header: 'linux/mount.h', type: 'struct mount_attr' },
  clone_args: { header: 'linux/sched.h', type: 'struct clone_args' },
  sched_attr: { header: 'linux/sched/types.h', type: 'struct sched_attr' },
  timespec: { header: 'time.h', type: 'struct timespec' },
  rlimit64: { header: 'linux/resource.h', type: 'struct rlimit64' },
  iovec: { header: 'sys/uio.h', type: 'struct iovec' },
  msghdr: { header: 'sys/socket.h', type: 'struct msghdr' },
  cmsghdr: { header: 'sys/socket.h', type: 'struct cmsghdr' },
  pollfd: { header: 'poll.h', type: 'struct pollfd' },
  siginfo: { header: 'signal.h', type: 'siginfo_t', without: ['pad', 'rest'] },
  cap_user_header: { header: 'linux/capability.h', type: 'struct __user_cap_header_struct' },
  statfs: { header: 'asm/statfs.h', type: 'struct statfs' },
  statx: {
    header: 'linux/stat.h',
    type: 'struct statx',
    fields: timestamps,
    without: ['spare0', 'spare1', 'spare2', 'spare3', 'spare4', 'spare5'],
  },
  termios: { header: 'asm/termbits.h', type: 'struct termios' },
  winsize: { header: 'asm/termios.h', type: 'struct winsize' },
}

describe.for(Object.entries(COMPILERS))('struct layouts of %s', ([, compiler]) => {
  it.for(Object.entries(C) as [StructName, CType][])('%s is as the C compiler lays it out', ([name, c], context) => {
    if (!hasCompiler(compiler)) context.skip(`needs ${compiler}`)
    const layout = structLayout(name)
    const assertions = [{ expression: `sizeof(${c.type}) == ${layout.size}` }]
    for (const [field, { offset, type, count }] of Object.entries(layout.fields)) {
      if (c.without?.includes(field)) continue
      const member = c.fields?.[field] ?? field
      const size = fieldWidth(type) * (count ?? 1)
      assertions.push({ expression: `offsetof(${c.type}, ${member}) == ${offset}` })
      assertions.push({ expression: `sizeof(((${c.type} *)0)->${member}) == ${size}` })
    }
    expect(falseAssertions(compiler, [c.header], assertions)).toEqual([])
  })
})

/** C declarations of the structs that Debian's headers do not have yet, or that are two of C's. */
const DECLARED = {
  mnt_id_req: { size: 'uint32_t', spare: 'uint32_t', mnt_id: 'uint64_t', param: 'uint64_t', mnt_ns_id: 'uint64_t' },
  cap_user_data: {
    effective0: 'uint32_t',
    permitted0: 'uint32_t',
    inheritable0: 'uint32_t',
    effective1: 'uint32_t',
    permitted1: 'uint32_t',
    inheritable1: 'uint32_t',
  },
  statmount: {
    size: 'uint32_t',
    mnt_opts: 'uint32_t',
    mask: 'uint64_t',
    sb_dev_major: 'uint32_t',
    sb_dev_minor: 'uint32_t',
    sb_magic: 'uint64_t',
    sb_flags: 'uint32_t',
    fs_type: 'uint32_t',
    mnt_id: 'uint64_t',
    mnt_parent_id: 'uint64_t',
    mnt_id_old: 'uint32_t',
    mnt_parent_id_old: 'uint32_t',
    mnt_attr: 'uint64_t',
    mnt_propagation: 'uint64_t',
    mnt_peer_group: 'uint64_t',
    mnt_master: 'uint64_t',
    propagate_from: 'uint64_t',
    mnt_root: 'uint32_t',
    mnt_point: 'uint32_t',
    mnt_ns_id: 'uint64_t',
    fs_subtype: 'uint32_t',
    sb_source: 'uint32_t',
    opt_num: 'uint32_t',
    opt_array: 'uint32_t',
    opt_sec_num: 'uint32_t',
    opt_sec_array: 'uint32_t',
    supported_mask: 'uint64_t',
    mnt_uidmap_num: 'uint32_t',
    mnt_uidmap: 'uint32_t',
    mnt_gidmap_num: 'uint32_t',
    mnt_gidmap: 'uint32_t',
    spare: 'uint64_t [43]',
  },
} as const satisfies Partial<Record<StructName, Record<string, string>>>

/** Sizes that the kernel's headers state, as *_SIZE_VER* or in a comment. */
const SIZES: Readonly<Record<keyof typeof DECLARED, number>> = { mnt_id_req: 32, cap_user_data: 24, statmount: 512 }

describe('struct layouts', () => {
  it.for(Object.entries(DECLARED))('%s is as koffi lays the declaration out', ([name, declaration], context) => {
    if (process.platform !== 'linux') context.skip('needs Linux')
    const { koffi } = nativeLibrary()
    const type = koffi.struct(`test_${name}`, declaration)
    const layout = structLayout(name)
    expect(koffi.sizeof(type)).toBe(layout.size)
    expect(layout.size).toBe(SIZES[name as keyof typeof SIZES])
    for (const [field, { offset }] of Object.entries(layout.fields)) expect(koffi.offsetof(type, field)).toBe(offset)
    expect(Object.keys(layout.fields)).toEqual(Object.keys(declaration))
  })

  it('are all tested here', () => {
    expect([...Object.keys(C), ...Object.keys(DECLARED)].sort()).toEqual([...STRUCT_NAMES].sort())
  })

  it('refuse a name that is none', () => {
    expect(hasStruct('toString')).toBe(false)
    expect(() => structLayout('stat')).toThrow('no layout for struct stat')
  })
})

describe('encodeStruct and decodeStruct', () => {
  it('are inverse, for every struct', () => {
    for (const name of STRUCT_NAMES) {
      const plain = Object.entries(structLayout(name).fields).filter(([, field]) => field.count === undefined)
      const fields = Object.fromEntries(
        plain.map(([field, { type }], index) => [field, fieldWidth(type) === 8 ? BigInt(index + 1) : index + 1]),
      )
      expect(decodeStruct(name, encodeStruct(name, fields)), name).toMatchObject(fields)
    }
  })

  it('give what an older, shorter version of a struct has', () => {
    const bytes = encodeStruct('mnt_id_req', { size: 24, mnt_id: 7n, mnt_ns_id: 9n }).subarray(0, 24)
    expect(decodeStruct('mnt_id_req', bytes)).toEqual({ size: 24, spare: 0, mnt_id: 7n, param: 0n })
  })

  it('refuse a field that is none', () => {
    expect(() => encodeStruct('open_how', { how: 1 })).toThrow('struct open_how has no field how')
  })
})

describe('writeField and readField', () => {
  it.for<[FieldType, number | bigint, number | bigint]>([
    ['u8', 0x1ff, 0xff],
    ['u16', -1, 0xffff],
    ['u32', -1, 0xffffffff],
    ['s32', 0xffffffff, -1],
    ['u64', -1, 0xffffffffffffffffn],
    ['s64', 0xffffffffffffffffn, -1n],
  ])('%s keeps %s as %s', ([type, written, kept]) => {
    const view = new DataView(new ArrayBuffer(16))
    writeField(view, type, 4, written)
    expect(readField(view, type, 4)).toBe(kept)
  })
})
