// requires nothing
import { describe, expect, it } from 'vitest'
import { progressLine } from '../src/progress/progress-bar.js'

describe('the progress bar', () => {
  it.each([
    [0, 200, 'rt: unpacking [                              ] 0 %'],
    [100, 200, 'rt: unpacking [###############               ] 50 %'],
    [199, 200, 'rt: unpacking [##############################] 99 %'],
    [200, 200, 'rt: unpacking [##############################] 100 %'],
    // An archive that grows while it is read.
    [300, 200, 'rt: unpacking [##############################] 100 %'],
    [0, 0, 'rt: unpacking...'],
  ])('%d of %d', (done, total, line) => {
    expect(progressLine({ phase: 'unpack', done, total })).toBe(line)
  })

  it('says what it waits for', () => {
    expect(progressLine({ phase: 'wait', done: 0, total: 5 })).toBe(
      'rt: waiting for another rt that unpacks the same...',
    )
  })
})
