import type { Arch } from '@rt/sys'
import { CODE_BASE, CONST_BASE, CONST_OFFSET, DATA_BASE, LOG_BASE } from './layout.js'
import { VM_CODE } from './vm-code.js'

const MACHINE: Record<Arch, number> = { x64: 62, arm64: 183 }
const CODE_START = 0x160
const PAGE = 0x1000

const code = new Map<Arch, Buffer>()
const vmCode = (arch: Arch): Buffer => {
  const known = code.get(arch)
  if (known) return known
  const bytes = Buffer.from(VM_CODE[arch], 'base64')
  code.set(arch, bytes)
  return bytes
}

/**
 * A static ELF executable (elf(5)) of the VM and one program: code R+X, constants R, data RW, log RW without file
 * bytes, stack not executable. No segment is both writable and executable.
 *
 * @param constants operations first, then strings and structs
 * @param data the writable memory: what it begins with, and its size (the rest begins as zero)
 * @param logSize bytes of the log
 */
export function writeElf(
  arch: Arch,
  constants: Uint8Array,
  data: { readonly initial: Uint8Array; readonly size: number },
  logSize: number,
): Buffer {
  const dataOffset = dataFileOffset(constants.length)
  const file = Buffer.alloc(dataOffset + data.initial.length)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0])
  file.writeUInt16LE(2, 16) // ET_EXEC
  file.writeUInt16LE(MACHINE[arch], 18)
  file.writeUInt32LE(1, 20)
  file.writeUInt32LE(CODE_BASE + CODE_START, 24)
  file.writeUInt32LE(64, 32) // program headers follow the ELF header
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(5, 56)
  file.writeUInt16LE(64, 58)
  const vm = vmCode(arch)
  let at = 64
  const segment = (type: number, flags: number, offset: number, base: number, size: number, memory = size) => {
    file.writeUInt32LE(type, at)
    file.writeUInt32LE(flags, at + 4)
    file.writeUInt32LE(offset, at + 8)
    file.writeUInt32LE(base + offset, at + 16)
    file.writeUInt32LE(base + offset, at + 24)
    file.writeUInt32LE(size, at + 32)
    file.writeUInt32LE(memory, at + 40)
    file.writeUInt32LE(type === 1 ? 0x10000 : 16, at + 48)
    at += 56
  }
  const PT_LOAD = 1
  segment(PT_LOAD, 5, 0, CODE_BASE, CODE_START + vm.length)
  segment(PT_LOAD, 4, CONST_OFFSET, CONST_BASE, constants.length)
  segment(PT_LOAD, 6, dataOffset, DATA_BASE, data.initial.length, data.size)
  segment(PT_LOAD, 6, 0, LOG_BASE, 0, logSize)
  segment(0x6474e551, 6, 0, 0, 0) // PT_GNU_STACK, not executable
  vm.copy(file, CODE_START)
  file.set(constants, CONST_OFFSET)
  file.set(data.initial, dataOffset)
  return file
}

/** File offset of the data segment: on a page of its own, so that no constant is mapped writable beside it. */
export const dataFileOffset = (constantsLength: number): number =>
  CONST_OFFSET + Math.ceil(constantsLength / PAGE) * PAGE
