import { type Complaint, RtError } from '@rt/sys'

/**
 * Refuse bad input, everything that is wrong with it at once.
 *
 * @param step the step that can't be built
 * @throws RtError RT_INVALID_OPTION if there is any complaint
 */
export function refuse(step: string, origin: string | undefined, complaints: readonly Complaint[]): void {
  if (complaints.length === 0) return
  const message = complaints.length === 1 ? 'a value is wrong' : `${complaints.length} values are wrong`
  throw new RtError('RT_INVALID_OPTION', message, { step, origin, complaints })
}
