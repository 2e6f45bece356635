/** cpuinfo's words for what each level of x86-64 adds to the one below (x86-64 psABI, "Micro-Architecture Levels"). */
const X86_LEVELS: readonly (readonly string[])[] = [
  ['cx16', 'lahf_lm', 'popcnt', 'sse4_1', 'sse4_2', 'ssse3'],
  ['abm', 'avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'movbe', 'xsave'],
  ['avx512bw', 'avx512cd', 'avx512dq', 'avx512f', 'avx512vl'],
]

/**
 * Which variant of its architecture a processor is, in the words of image-spec ("image-index.md", platform variants).
 * The flags are those that the kernel lets programs use: a processor's AVX counts only if its registers are saved.
 *
 * @param architecture in Go's words: `amd64`, `arm`, `arm64`
 * @param cpuinfo content of /proc/cpuinfo; its first processor counts
 * @returns undefined for the plain amd64, and for architectures that have no variants
 */
export function cpuVariant(architecture: string, cpuinfo: string): string | undefined {
  if (architecture === 'arm64') return 'v8'
  if (architecture === 'arm') {
    const version = Number(/^CPU architecture\s*:\s*(\d+)/m.exec(cpuinfo)?.[1])
    // An armv6 kernel says 7 (the ARM1176 has a version 7 register file); the model's name tells.
    if (/^model name\s*:\s*ARMv6/im.test(cpuinfo)) return 'v6'
    return version >= 5 ? `v${Math.min(version, 8)}` : undefined
  }
  if (architecture !== 'amd64') return undefined
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(/\s+/))
  const lacking = X86_LEVELS.findIndex((level) => !level.every((flag) => flags.has(flag)))
  const level = (lacking < 0 ? X86_LEVELS.length : lacking) + 1
  return level === 1 ? undefined : `v${level}`
}
