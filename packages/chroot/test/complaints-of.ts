import { RtError } from '@rt/sys'

/** What a call refuses, one line per complaint. */
export function complaintsOf(act: () => unknown): string[] {
  try {
    act()
  } catch (error) {
    if (RtError.isInstance(error)) return (error.complaints ?? []).map(({ path, message }) => `${path}: ${message}`)
    throw error
  }
  throw new Error('nothing was refused')
}
