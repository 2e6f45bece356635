// requires tar, python3, bsdtar (its libarchive) and go: other readers of the same archives
import { writeSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { DECISIONS } from './differential/decisions.js'
import { compareReaders, FIRST_SEED } from './differential/differential.js'
import { judge } from './differential/judge.js'
import { Peers } from './differential/peers.js'
import { REFUSALS } from './differential/refusals.js'

/** The same in every run; the long run has its own. */
const SEEDS = 4000
/** A slow machine does fewer of them, from the first on. */
const MOST_MILLISECONDS = 60_000

beforeEach((context) => needs(context, 'bsdtar', 'go', 'python3'))

describe('rt beside GNU tar, libarchive, Python and Go', () => {
  it(`understands random archives as they do, or refuses them (${SEEDS} seeds, at most a minute)`, {
    timeout: 240_000,
  }, async () => {
    const result = await compareReaders(FIRST_SEED.short, SEEDS, performance.now() + MOST_MILLISECONDS)
    writeSync(1, `tar readers: ${result.compared} archives compared, ${result.accepted} accepted\n`)
    expect(result.faults).toEqual([])
    expect(result.compared).toBeGreaterThan(100)
    expect(result.accepted).toBeGreaterThan(result.compared / 5)
  })

  it('differs from them as is listed, with an example each', async () => {
    const peers = new Peers()
    try {
      for (const [index, { example, reason }] of DECISIONS.entries()) {
        const verdict = await judge(example(), peers)
        expect(verdict, reason).toMatchObject({ accepted: true })
        expect(verdict!.fault, reason).toBeUndefined()
        expect(verdict!.decisions, reason).toContain(index)
      }
      for (const [index, { example, reason }] of REFUSALS.entries()) {
        expect(await judge(example(), peers), reason).toMatchObject({ refusal: index })
      }
    } finally {
      await peers.close()
    }
  })
})
