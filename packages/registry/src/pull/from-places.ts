import { RtError } from '@rt/sys'
import type { Reference } from '../reference/reference.js'
import { formatReference } from '../reference/reference.js'
import type { Repository } from '../repository/repository.js'
import type { Session } from '../session/session.js'

/**
 * Tries what a name may mean, and for each its mirrors and then its own place, until one has it.
 *
 * @param attempt what is wanted from a repository
 * @returns what the first one that didn't fail gave
 * @throws what the only place failed with; of several, an error that tells each one's
 */
export async function fromPlaces<T>(
  session: Session,
  name: string | Reference,
  signal: AbortSignal | undefined,
  attempt: (repository: Repository, reference: Reference) => Promise<T>,
): Promise<T> {
  const failures: { readonly path: string; readonly error: RtError }[] = []
  const meanings = session.meanings(name)
  for (const reference of meanings) {
    // Another registry is asked when this one doesn't have it, not when it can't be reached: a failure would otherwise
    // decide whose image it is.
    if (failures.length > 0 && !isAbsence(failures.at(-1)!.error)) break
    for (const place of session.pullPlaces(reference)) {
      try {
        return await attempt(await session.repositoryAt(place), reference)
      } catch (error) {
        // What isn't ours is a mistake in the program, or the caller's own abort: no other place mends it.
        if (signal?.aborted || !RtError.isInstance(error)) throw error
        const path = `${place.registry}/${place.repository}`
        failures.push({ path, error })
        if (place.isMirror) session.warn(`mirror ${path} was passed over: ${error.message}`)
      }
    }
  }
  const last = failures.at(-1)!.error
  if (failures.length === 1) throw last
  // The place itself comes after its mirrors: what it says is what went wrong.
  throw new RtError(last.kind, `cannot get ${meanings.map(formatReference).join(' or ')}`, {
    complaints: failures.map(({ path, error }) => ({ path, message: error.message })),
    hint: last.hint,
    cause: last,
  })
}

/** Whether a place says that it has no such image, or none for us. */
const isAbsence = ({ kind }: RtError): boolean => kind === 'RT_NOT_FOUND' || kind === 'RT_PERMISSION'
