import type { Complaints } from '../arguments/complaints.js'
import { quote } from '../values/quote.js'

/** What follows the options of `rt run`. */
export interface Operands {
  /** Absent: the root is the host's. */
  readonly source?: string
  /** Empty: the image's command, or a shell. */
  readonly command: readonly string[]
}

/** `[SOURCE] [--] [COMMAND [ARG...]]`: one `--` is ours, before or after SOURCE; what follows is the container's. */
export function operandsOf(words: readonly string[]): Operands {
  const [first, ...rest] = words
  if (first === undefined) return { command: [] }
  if (first === '--') return { command: rest }
  return { source: first, command: rest[0] === '--' ? rest.slice(1) : rest }
}

/** `rt run ./root -it bash`: no command begins with a dash, and Docker's answer (not found) helps nobody. */
export function refuseLateOptions([first, second]: readonly string[], complaints: Complaints): void {
  if (first === undefined || first === '--' || second === undefined || second === '--' || !/^-./.test(second)) return
  complaints.add('COMMAND', `${quote(second)} stands after SOURCE: options of rt run come before it`)
}
