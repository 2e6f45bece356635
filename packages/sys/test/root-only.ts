import type { TestContext } from 'vitest'

/** Skips, with the reason, unless this is root on Linux. */
export function needsRoot(context: TestContext): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) context.skip('needs root on Linux')
}

/** Whether the running kernel is of this version or newer. */
export function kernelIs(major: number, minor: number, release: string): boolean {
  const [thisMajor = 0, thisMinor = 0] = release.split('.').map(Number)
  return thisMajor > major || (thisMajor === major && thisMinor >= minor)
}
