import { writeSync } from 'node:fs'

const STDERR = 2

/** Say on stderr what was not as it should be, and is no reason to stop. */
export function warnAbout(warnings: readonly string[]): void {
  for (const warning of warnings) writeSync(STDERR, `rt: warning: ${warning}\n`)
}
