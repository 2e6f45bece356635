import { allAgree, type Difference, differences, listByRt } from './compare.js'
import { DECISIONS } from './decisions.js'
import { headersOf } from './headers.js'
import { type Listings, PEERS, type Peer } from './peer-listing.js'
import type { Peers } from './peers.js'
import { REFUSALS } from './refusals.js'

/** What came of one archive. */
export interface Verdict {
  readonly accepted: boolean
  /** What is wrong: a kind (which stays the same while the archive is made smaller), and the values. */
  readonly fault?: { readonly kind: string; readonly detail: string }
  /** Indexes of {@link DECISIONS} and {@link REFUSALS} that were needed. */
  readonly decisions: readonly number[]
  readonly refusal?: number
}

const withoutPosition = (message: string): string => message.replace(/^archive entry.*? at byte \d+: /s, '')

function judgeRefusal(message: string, theirs: Listings | undefined): Verdict {
  if (!theirs || !allAgree(theirs)) return { accepted: false, decisions: [] }
  const refusal = REFUSALS.findIndex(({ message: pattern }) => pattern.test(withoutPosition(message)))
  if (refusal >= 0) return { accepted: false, decisions: [], refusal }
  return { accepted: false, decisions: [], fault: { kind: 'rt alone refuses it', detail: message } }
}

/**
 * Compares rt with the other readers: an archive that it accepts and reads otherwise than any of them, or that it
 * refuses while they all agree, is a fault unless it is a listed decision.
 *
 * @returns undefined if there is too much content to compare
 */
export async function judge(archive: Uint8Array, peers: Peers): Promise<Verdict | undefined> {
  const ours = listByRt(archive)
  if (!ours) return undefined
  const refused = ours.error !== ''
  const theirs = await peers.list(archive, (some) => refused && !allAgree(some))
  if (refused || !theirs) return judgeRefusal(ours.error, theirs)
  const headers = headersOf(archive)
  // Go and Python refuse every volume label, so a third reader's complaint about something else is not all readers'.
  const hasLabel = headers.some(({ type }) => type === 'V')
  if (!hasLabel && PEERS.every((peer) => theirs[peer].error !== '')) {
    const detail = PEERS.map((peer) => `${peer}: ${theirs[peer].error}`).join('; ')
    return { accepted: true, decisions: [], fault: { kind: 'rt alone accepts it', detail } }
  }
  const decisions = new Set<number>()
  for (const peer of PEERS) {
    for (const difference of differences(ours, theirs[peer])) {
      const decision = DECISIONS.findIndex(
        ({ peers, fields, when }) =>
          peers.includes(peer) && fields.includes(difference.field) && when(difference, headers),
      )
      if (decision < 0) {
        return { accepted: true, decisions: [...decisions], fault: describe(peer, difference) }
      }
      decisions.add(decision)
    }
  }
  return { accepted: true, decisions: [...decisions] }
}

function describe(peer: Peer, { field, index, ours, theirs }: Difference): { kind: string; detail: string } {
  const values = `rt ${JSON.stringify(ours)}, ${peer} ${JSON.stringify(theirs)}`
  return { kind: `${peer} reads another ${field}`, detail: `entry ${index + 1}: ${values}` }
}
