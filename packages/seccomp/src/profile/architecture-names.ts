/** Architectures of the OCI runtime specification; on one that rt doesn't run on no system call can be made. */
const NAMES = new Set(
  (
    'X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X PARISC ' +
    'PARISC64 RISCV64 LOONGARCH64 M68K SH SHEB NATIVE'
  )
    .split(' ')
    .map((name) => `SCMP_ARCH_${name}`),
)

export const isArchitectureName = (name: string): boolean => NAMES.has(name)
