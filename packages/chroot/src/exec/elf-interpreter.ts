import { type Arch, hostArch, PATH_MAX } from '@rt/sys'

/** What the head of an ELF file says about running it (elf(5)). */
export type ElfVerdict =
  /** Runs as it is, or through the interpreter (ld.so) named. */
  | { readonly runs: true; readonly interpreter?: Buffer }
  /** Does not run here, and why: `is for arm64`. */
  | { readonly runs: false; readonly reason: string }

const PT_INTERP = 3
const ET_EXEC = 2
const ET_DYN = 3
/** EM_* of the processors an image may be for by mistake, by Node's or OCI's names. */
const MACHINES: Readonly<Record<number, string>> = {
  3: '386',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
}
const OWN: Readonly<Record<Arch, number>> = { x64: 62, arm64: 183 }
/** 32-bit programs that a 64-bit kernel usually runs too. */
const COMPATIBLE: Readonly<Record<Arch, number>> = { x64: 3, arm64: 40 }

/** Does the file begin as an ELF file does? */
export const isElf = (head: Buffer): boolean => head.subarray(0, 4).toString('latin1') === '\x7fELF'

/**
 * Read an ELF header and its program headers as far as execve(2) does.
 *
 * @param head the start of the file: program headers beyond it are not looked at
 */
export function readElf(head: Buffer, arch: Arch = hostArch()): ElfVerdict {
  const is64 = head[4] === 2
  if (head.length < (is64 ? 64 : 52)) return { runs: false, reason: 'is cut off' }
  if (head[5] !== 1) return { runs: false, reason: 'is for a big-endian machine' }
  const type = head.readUInt16LE(16)
  const machine = head.readUInt16LE(18)
  if (machine !== OWN[arch] && machine !== COMPATIBLE[arch]) {
    return { runs: false, reason: `is for ${MACHINES[machine] ?? `machine ${machine}`}, and this is ${arch}` }
  }
  if (type !== ET_EXEC && type !== ET_DYN) return { runs: false, reason: 'is an object file or a core dump' }
  const [offset, size, count] = is64
    ? [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)]
    : [head.readUInt32LE(28), head.readUInt16LE(42), head.readUInt16LE(44)]
  // sizeof(struct elf_phdr): the kernel takes no other.
  if (size !== (is64 ? 56 : 32)) return { runs: false, reason: 'has broken program headers' }
  for (let i = 0; i < count; i++) {
    const at = offset + i * size
    if (at + size > head.length) break
    if (head.readUInt32LE(at) !== PT_INTERP) continue
    const [start, length] = is64
      ? [Number(head.readBigUInt64LE(at + 8)), Number(head.readBigUInt64LE(at + 32))]
      : [head.readUInt32LE(at + 4), head.readUInt32LE(at + 16)]
    if (length < 2 || length > PATH_MAX) return { runs: false, reason: 'has a broken interpreter name' }
    const name = head.subarray(start, start + length)
    const end = name.indexOf(0)
    return { runs: true, interpreter: end < 0 ? name : name.subarray(0, end) }
  }
  return { runs: true }
}
