// requires root: real starts on a directory whose names an attacker swaps; gcc, busybox

import { beforeEach, describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { RACERS, RACES, race, STARTS } from './races.js'

beforeEach((context) => needs(context, 'root', 'gcc', 'busybox'))

describe.each(RACERS)('a directory root in which %s swaps', (racer) => {
  // A start may fail, with an error that says so; none may come up unprotected.
  it.each(Object.entries(RACES))('%s', { timeout: 120_000 }, async (_, kind) => {
    const outcome = await race(kind, racer, STARTS)
    expect(outcome).toMatchObject({ unprotected: {}, intruders: [], meanings: 2 })
    expect(outcome.started).toBeGreaterThan(0)
  })
})
