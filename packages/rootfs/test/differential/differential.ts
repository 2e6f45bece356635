import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generate } from './generate.js'
import { judge, type Verdict } from './judge.js'
import { minimise } from './minimise.js'
import { Peers } from './peers.js'

/** Where archives that show a fault are kept. */
const KEPT = fileURLToPath(new URL('../../../../node_modules/.cache/rt-tar-differential', import.meta.url))

/** Where the seeds of the short run begin, and above which those of the long one are. */
export const FIRST_SEED = { short: 1, long: 1_000_000 } as const

/** More faults than this say nothing new. */
const MOST_FAULTS = 10

export interface DifferentialResult {
  /** Archives that were compared, and those of them that rt accepted. */
  readonly compared: number
  readonly accepted: number
  /** Each with its seed, and where the archive is. */
  readonly faults: readonly string[]
}

/**
 * Puts archives of many seeds before rt and four other readers.
 *
 * @param from the first seed
 * @param seeds how many there are at most
 * @param deadline `performance.now()` after which no more is begun: the seeds are always the same, a slow machine gets
 *   less far
 */
export async function compareReaders(from: number, seeds: number, deadline: number): Promise<DifferentialResult> {
  const peers = new Peers()
  const faults: string[] = []
  let [compared, accepted] = [0, 0]
  try {
    for (let seed = from; seed < from + seeds && performance.now() < deadline; seed++) {
      const archive = generate(seed)
      const verdict = await judge(archive, peers)
      if (!verdict) continue
      compared++
      if (verdict.accepted) accepted++
      if (verdict.fault) faults.push(await keep(seed, archive, verdict.fault, peers))
      if (faults.length >= MOST_FAULTS) break
    }
  } finally {
    await peers.close()
  }
  return { compared, accepted, faults }
}

/** Makes the archive smaller and saves it. @returns a line for people */
async function keep(
  seed: number,
  archive: Buffer,
  { kind }: NonNullable<Verdict['fault']>,
  peers: Peers,
): Promise<string> {
  const smallest = await minimise(archive, async (smaller) => (await judge(smaller, peers))?.fault?.kind === kind)
  mkdirSync(KEPT, { recursive: true })
  const path = join(KEPT, `seed-${seed}.tar`)
  writeFileSync(path, smallest)
  const detail = (await judge(smallest, peers))?.fault?.detail
  return `seed ${seed}: ${kind}: ${detail}; see ${path}`
}
