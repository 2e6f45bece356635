// requires nothing
import { describe, expect, it } from 'vitest'
import { nearest, typingErrors } from '../src/nearest.js'

describe('typingErrors', () => {
  it.each([
    ['', '', 0],
    ['run', 'run', 0],
    ['rnu', 'run', 1],
    ['rum', 'run', 1],
    ['ru', 'run', 1],
    ['rrun', 'run', 1],
    ['', 'run', 3],
    ['explain', 'compile', 7],
  ])('%j → %j: %d', (a, b, errors) => {
    expect(typingErrors(a, b)).toBe(errors)
    expect(typingErrors(b, a)).toBe(errors)
  })
})

describe('nearest', () => {
  const names = ['run', 'exec', 'explain', 'trace', 'memory', 'memory-swap', 'network', 'net']
  it.each([
    ['rum', 'run'],
    ['expalin', 'explain'],
    ['memroy', 'memory'],
    ['memory-swp', 'memory-swap'],
    ['tra', 'trace'],
    ['xyz', undefined],
    ['', undefined],
    ['something-else', undefined],
  ])('%j → %j', (word, found) => {
    expect(nearest(word, names)).toBe(found)
  })
})
