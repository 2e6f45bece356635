import { type Complaint, RtError, type RtErrorCode } from '@rt/sys'

/** The options by which a user asked, by the resource's path: `{ 'pids.max': '--pids-limit 64' }`. */
export type OptionNames = Readonly<Record<string, string>>

/** Throw all complaints at once, each under the name that its asker knows. Nothing happens if there are none. */
export function refuse(
  code: RtErrorCode,
  message: string,
  complaints: readonly Complaint[],
  names: OptionNames = {},
  hint?: string,
): void {
  if (complaints.length === 0) return
  throw new RtError(code, message, {
    complaints: complaints.map(({ path, message }) => ({ path: names[path] ?? path, message })),
    hint,
  })
}
