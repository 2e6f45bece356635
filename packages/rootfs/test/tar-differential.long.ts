// requires tar, python3, bsdtar (its libarchive) and go: the short test's half hour, on seeds of its own
import { writeSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { compareReaders, FIRST_SEED } from './differential/differential.js'

const MINUTES = 30
/** Each run goes on elsewhere, and says where, so that it can be done again: RT_TAR_SEED=N. */
const from = Number(process.env.RT_TAR_SEED ?? FIRST_SEED.long + Math.floor(Math.random() * 1e9))

describe('rt beside GNU tar, libarchive, Python and Go', () => {
  it(`understands random archives as they do, or refuses them (${MINUTES} minutes)`, async (context) => {
    needs(context, 'bsdtar', 'go', 'python3')
    writeSync(1, `tar readers: from seed ${from}\n`)
    const result = await compareReaders(from, Number.POSITIVE_INFINITY, performance.now() + MINUTES * 60_000)
    writeSync(1, `tar readers: ${result.compared} archives compared, ${result.accepted} accepted\n`)
    expect(result.faults).toEqual([])
  })
})
