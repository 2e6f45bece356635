/** Version and revision of a kernel: 4 and 8 of "4.8.0-generic". */
export interface KernelVersion {
  readonly version: number
  readonly revision: number
}

/** Read `4.8`, or the start of `uname -r`; undefined if it is neither. */
export function parseKernelVersion(text: string): KernelVersion | undefined {
  const [, version, revision] = /^(\d{1,3})\.(\d{1,3})(?![\d])/.exec(text) ?? []
  return version === undefined ? undefined : { version: Number(version), revision: Number(revision) }
}

export const isAtLeast = (kernel: KernelVersion, wanted: KernelVersion): boolean =>
  kernel.version > wanted.version || (kernel.version === wanted.version && kernel.revision >= wanted.revision)
