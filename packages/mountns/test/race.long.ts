// requires root, gcc, busybox; some minutes: race.test.ts with more starts

import { beforeEach, describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { RACERS, RACES, race } from './races.js'

const STARTS = 10_000

beforeEach((context) => needs(context, 'root', 'gcc', 'busybox'))

describe.each(RACERS)('a directory root in which %s swaps', (racer) => {
  it.each(Object.entries(RACES))(`%s, ${STARTS} starts`, async (name, kind) => {
    const outcome = await race(kind, racer, STARTS)
    console.log(`${racer}, ${name}: ${JSON.stringify(outcome)}`)
    expect(outcome).toMatchObject({ unprotected: {}, intruders: [], meanings: 2 })
    expect(outcome.started).toBeGreaterThan(0)
  })
})
