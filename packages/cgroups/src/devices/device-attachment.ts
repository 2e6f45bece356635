import { closeSync, openSync } from 'node:fs'
import {
  addressOf,
  BPF_CGROUP_DEVICE,
  BPF_F_ALLOW_MULTI,
  BPF_PROG_ATTACH,
  BPF_PROG_DETACH,
  BPF_PROG_GET_FD_BY_ID,
  BPF_PROG_LOAD,
  BPF_PROG_QUERY,
  BPF_PROG_TYPE_CGROUP_DEVICE,
  O_CLOEXEC,
  O_DIRECTORY,
  O_RDONLY,
  rawSyscall,
  SyscallError,
  syscallNumber,
} from '@rt/sys'
import { cgroupHint } from '../group/hints.js'

const INSTRUCTION_SIZE = 8
const ATTR_SIZE = 128
/** The kernel's own limit on programs attached to one group (BPF_CGROUP_MAX_PROGS). */
const MAX_PROGRAMS = 64

/** bpf(2). `fields` are those of `union bpf_attr` for the command: offset → u32, or u64 if a bigint. */
function bpf(
  command: number,
  name: string,
  fields: Readonly<Record<number, number | bigint>>,
): { fd: number; attr: Buffer } {
  const attr = Buffer.alloc(ATTR_SIZE)
  for (const [offset, value] of Object.entries(fields)) {
    if (typeof value === 'bigint') attr.writeBigUInt64LE(value, Number(offset))
    else attr.writeUInt32LE(value, Number(offset))
  }
  const fd = rawSyscall(syscallNumber('bpf'), [command, attr, ATTR_SIZE])
  if (fd >= 0) return { fd, attr }
  const error = new SyscallError({ syscall: 'bpf', errno: fd, call: `bpf(${name}, {…}, ${ATTR_SIZE})` })
  const hint = cgroupHint('bpf', error.code)
  throw hint === undefined
    ? error
    : new SyscallError({ syscall: 'bpf', errno: fd, call: error.call.split(' = ')[0], hint })
}

function load(program: Uint8Array): number {
  const license = Buffer.from('MIT\0')
  const name = Buffer.alloc(16)
  name.write('rt_devices')
  const { fd } = bpf(BPF_PROG_LOAD, 'BPF_PROG_LOAD', {
    0: BPF_PROG_TYPE_CGROUP_DEVICE,
    4: program.length / INSTRUCTION_SIZE,
    8: addressOf(program),
    16: addressOf(license),
    48: name.readBigUInt64LE(0),
    56: name.readBigUInt64LE(8),
  })
  return fd
}

/** Ids of the device programs attached to a group itself. */
function attachedPrograms(group: number): number[] {
  const ids = new Uint32Array(MAX_PROGRAMS)
  const { attr } = bpf(BPF_PROG_QUERY, 'BPF_PROG_QUERY', {
    0: group,
    4: BPF_CGROUP_DEVICE,
    16: addressOf(new Uint8Array(ids.buffer)),
    24: MAX_PROGRAMS,
  })
  return [...ids.subarray(0, attr.readUInt32LE(24))]
}

/**
 * Make this program the one that decides about a group's devices: attach it, then detach those that were there. In
 * between all must agree, so at no moment is more allowed than by the old or the new.
 *
 * @throws SyscallError EPERM without CAP_BPF (or CAP_SYS_ADMIN) and CAP_NET_ADMIN in the initial user namespace
 */
export function replaceDeviceProgram(directory: string, program: Uint8Array): void {
  const group = openSync(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  const open = [group]
  try {
    const before = attachedPrograms(group)
    const fd = load(program)
    open.push(fd)
    const target = { 0: group, 8: BPF_CGROUP_DEVICE }
    bpf(BPF_PROG_ATTACH, 'BPF_PROG_ATTACH', { ...target, 4: fd, 12: BPF_F_ALLOW_MULTI })
    for (const id of before) {
      const old = bpf(BPF_PROG_GET_FD_BY_ID, 'BPF_PROG_GET_FD_BY_ID', { 0: id }).fd
      open.push(old)
      bpf(BPF_PROG_DETACH, 'BPF_PROG_DETACH', { ...target, 4: old })
    }
  } finally {
    for (const fd of open) closeSync(fd)
  }
}
