import { type Arch, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, AUDIT_ARCH_I386, AUDIT_ARCH_X86_64 } from '@rt/sys'

/** The ways into the kernel that a filter tells apart, by libseccomp's names in lower case. */
export type Abi = 'x86_64' | 'x86' | 'x32' | 'aarch64' | 'arm'

/** What the kernel says of an ABI in `seccomp_data.arch`; x32 is told from x86-64 by a bit of the number. */
export const AUDIT_ARCH: Readonly<Record<Abi, number>> = {
  x86_64: AUDIT_ARCH_X86_64,
  x86: AUDIT_ARCH_I386,
  x32: AUDIT_ARCH_X86_64,
  aarch64: AUDIT_ARCH_AARCH64,
  arm: AUDIT_ARCH_ARM,
}

/** The arguments of these are 32 bits wide, as libseccomp takes them: of x32 too, whose registers have 64. */
export const is32Bit = (abi: Abi): boolean => abi === 'x86' || abi === 'x32' || abi === 'arm'

/** What the kernel of a processor can be entered by; the first one is its own. */
export const ABIS: Readonly<Record<Arch, readonly [Abi, ...Abi[]]>> = {
  x64: ['x86_64', 'x86', 'x32'],
  arm64: ['aarch64', 'arm'],
}

/** Names of the OCI runtime specification for the ABIs of {@link ABIS}. */
export const ABI_OF: Readonly<Partial<Record<string, Abi>>> = {
  SCMP_ARCH_X86_64: 'x86_64',
  SCMP_ARCH_X86: 'x86',
  SCMP_ARCH_X32: 'x32',
  SCMP_ARCH_AARCH64: 'aarch64',
  SCMP_ARCH_ARM: 'arm',
}
