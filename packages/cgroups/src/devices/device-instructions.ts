import { buffer, call, compute, type Instruction, ref } from '@rt/program'
import {
  AT_FDCWD,
  BPF_CGROUP_DEVICE,
  BPF_F_ALLOW_MULTI,
  BPF_PROG_ATTACH,
  BPF_PROG_LOAD,
  BPF_PROG_TYPE_CGROUP_DEVICE,
  O_CLOEXEC,
  O_DIRECTORY,
  O_RDONLY,
} from '@rt/sys'
import { cgroupHints } from '../group/hints.js'

/** Two 32-bit fields of a union as the 64-bit word that the machine stores. */
const pair = (low: number, high: number): number => low + high * 2 ** 32

const INSTRUCTION_SIZE = 8
/** Up to prog_name, inclusive of expected_attach_type: the fields that Linux 4.17 knew. */
const LOAD_SIZE = 72
const ATTACH_SIZE = 24
/** `rt_devices`, which is what bpftool shows: char prog_name[16] at 48. */
const [NAME_LOW, NAME_HIGH] = (() => {
  const name = Buffer.alloc(16)
  name.write('rt_devices')
  return [name.readBigUInt64LE(0), name.readBigUInt64LE(8)]
})()

/**
 * Load a program of type BPF_PROG_TYPE_CGROUP_DEVICE and attach it to a group, see bpf(2). Programs that are attached
 * already stay, and all must agree (BPF_F_ALLOW_MULTI). The kernel drops the program with the group.
 */
export function attachDevices(directory: string, program: Uint8Array): Instruction[] {
  const hints = cgroupHints('bpf')
  return [
    call('openat', [AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC], { save: 'group', of: directory }),
    // union bpf_attr for BPF_PROG_LOAD: prog_type and insn_cnt, insns, license, prog_name
    compute('load+0', pair(BPF_PROG_TYPE_CGROUP_DEVICE, program.length / INSTRUCTION_SIZE)),
    compute('load+8', program),
    compute('load+16', 'MIT'),
    compute('load+48', NAME_LOW),
    compute('load+56', NAME_HIGH),
    call('bpf', [BPF_PROG_LOAD, buffer('load', LOAD_SIZE), LOAD_SIZE], {
      save: 'program',
      of: 'bpf:rt_devices',
      why: 'cgroup v2 asks a program about devices',
      hints,
    }),
    // … for BPF_PROG_ATTACH: target_fd and attach_bpf_fd, attach_type and attach_flags
    compute('attach+0', ref('group'), ref('program'), 2 ** 32),
    compute('attach+8', pair(BPF_CGROUP_DEVICE, BPF_F_ALLOW_MULTI)),
    call('bpf', [BPF_PROG_ATTACH, buffer('attach', ATTACH_SIZE), ATTACH_SIZE], { hints }),
    call('close', [ref('program')]),
    call('close', [ref('group')]),
  ]
}
