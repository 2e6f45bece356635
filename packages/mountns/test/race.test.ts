// requires root: real starts on a directory whose names an attacker swaps; gcc, busybox

import { beforeEach, describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { RACERS, RACES, race, STARTS, swapOnce } from './races.js'

beforeEach((context) => needs(context, 'root', 'gcc', 'busybox'))

describe.each(RACERS)('a directory root in which %s swaps', (racer) => {
  // A start may fail, with an error that says so; none may come up unprotected.
  it.each(Object.entries(RACES))('%s', { timeout: 120_000 }, async (_, kind) => {
    const outcome = await race(kind, racer, STARTS)
    expect(outcome).toMatchObject({ unprotected: {}, intruders: [], meanings: 2 })
    expect(outcome.started).toBeGreaterThan(0)
  })
})

describe('names swapped once, at the worst moment', () => {
  /** Where the directory is by then a symlink to nowhere in the root, the start fails. */
  const REFUSED: Readonly<Record<string, string>> = {
    'a volume’s destination, with a symlink': 'mount "/data/c/d": ENOTDIR',
    'the directory of the files with names': 'mount "/etc/made/hosts": ENOTDIR',
    'the working directory’s parent': 'working directory: ENOENT',
  }

  it.each(Object.entries(RACES))('%s', async (name, kind) => {
    const refused = REFUSED[name] === undefined ? {} : { [REFUSED[name]]: 1 }
    expect(await swapOnce(kind)).toEqual({ unprotected: {}, refused, intruders: [] })
  })
})
