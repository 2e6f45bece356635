import { type Complaint, RtError } from '@rt/sys'

/**
 * Refuse bad input, everything that is wrong with it at once.
 *
 * @throws RtError RT_INVALID_OPTION if there is any complaint
 */
export function refuse(sentence: string, complaints: readonly Complaint[]): void {
  if (complaints.length > 0) throw new RtError('RT_INVALID_OPTION', sentence, { complaints })
}

/** `{origin}`, or nothing: a step without one has no such property. */
export const asked = (origin: string | undefined): { readonly origin?: string } =>
  origin === undefined ? {} : { origin }
