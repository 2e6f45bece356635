// pure
import { describe, expect, it } from 'vitest'
import { formatSize, parseSize, weightOfShares } from '../src/index.js'

describe('parseSize', () => {
  const sizes: Record<string, number | 'max' | undefined> = {
    '0': 0,
    '1024': 1024,
    '64b': 64,
    '64B': 64,
    '1k': 1024,
    '1K': 1024,
    '1kb': 1024,
    '1KiB': 1024,
    '256M': 256 * 2 ** 20,
    '256 m': 256 * 2 ** 20,
    '1.5g': 1.5 * 2 ** 30,
    '2t': 2 * 2 ** 40,
    '1p': 2 ** 50,
    max: 'max',
    '-1': 'max',
    '0.1b': 0,
    '9p': undefined,
    '': undefined,
    M: undefined,
    '-2': undefined,
    '1.': undefined,
    '.5m': undefined,
    '1e3': undefined,
    '0x10': undefined,
    '10mm': undefined,
    '10 m m': undefined,
    '10i': undefined,
    unlimited: undefined,
  }
  it.each(Object.entries(sizes))('%j is %j', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  it('takes numbers', () => {
    expect(parseSize(4096)).toBe(4096)
    expect(parseSize(-1)).toBe('max')
    expect(parseSize(-2)).toBeUndefined()
    expect(parseSize(Number.NaN)).toBeUndefined()
    expect(parseSize(Number.POSITIVE_INFINITY)).toBeUndefined()
  })
})

describe('formatSize', () => {
  it('is for people', () => {
    expect([0, 1, 1023, 1024, 1.5 * 2 ** 20, 2 ** 40].map(formatSize)).toEqual([
      '0 bytes',
      '1 bytes',
      '1023 bytes',
      '1 KiB',
      '1.5 MiB',
      '1 TiB',
    ])
    expect(formatSize('max')).toBe('max')
  })
})

describe('weightOfShares', () => {
  it('maps ends to ends and the default to the default', () => {
    expect([2, 1024, 262_144].map(weightOfShares)).toEqual([1, 100, 10_000])
  })

  it('never falls', () => {
    let before = 0
    for (let shares = 2; shares <= 262_144; shares += 7) {
      const weight = weightOfShares(shares)
      expect(weight).toBeGreaterThanOrEqual(before)
      before = weight
    }
  })

  it('keeps halves and doubles of the default apart', () => {
    // 10 ^ ((81 + 1125) / 612 - 7 / 34) = 58.2, 10 ^ ((121 + 1375) / 612 - 7 / 34) = 173.1, both rounded up
    expect([512, 2048].map(weightOfShares)).toEqual([59, 174])
  })
})
