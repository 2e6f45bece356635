// requires root: real starts on a directory whose names an attacker swaps; gcc, busybox

import { beforeEach, describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { RACES, type Racer, race } from './races.js'

const STARTS = Number(process.env.RT_STARTS ?? 300)
const RACERS: readonly Racer[] = ['its owner', 'another container']

beforeEach((context) => needs(context, 'root', 'gcc', 'busybox'))

describe.each(RACERS)('a directory root in which %s swaps', (racer) => {
  it.each(Object.entries(RACES))('%s', { timeout: 60_000 }, async (name, kind) => {
    const outcome = await race(kind, racer, STARTS)
    ;(await import('node:fs')).appendFileSync(
      '/tmp/h/paths-race.log',
      [racer, name, JSON.stringify(outcome)].join(' ') + '\n',
    )
    expect(outcome.unprotected).toEqual({})
    expect(outcome.intruders).toEqual([])
    expect(outcome.started).toBeGreaterThan(0)
  })
})
