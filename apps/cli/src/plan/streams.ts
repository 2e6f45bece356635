import type { CapabilitySets, Identity, StandardStreamsOptions } from '@rt/chroot'
import { hostId, type IdMapping } from '@rt/mountns'

/**
 * Whose the pipes on stdin, stdout and stderr are to be: the container's user's, by his id on the host.
 *
 * Nobody's where he may open any file (the host's root with CAP_DAC_OVERRIDE): the pipe stays the caller's, so that the
 * next program of `sudo rt run … | less` can open its end again.
 */
export function streamsOf(
  { uid }: Identity,
  { permitted }: CapabilitySets,
  uidMap: readonly IdMapping[] | undefined,
): StandardStreamsOptions {
  const owner = uidMap ? hostId(uidMap, uid) : uid
  const opensAny = owner === 0 && permitted.includes('CAP_DAC_OVERRIDE')
  return owner === undefined || opensAny ? {} : { owner }
}
