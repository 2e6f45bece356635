// requires nothing
import {
  CAP_LAST_CAP,
  CAPABILITIES,
  capabilityName,
  capabilityNumber,
  RLIMITS,
  SIGNALS,
  signalName,
  signalNumber,
} from '@rt/sys'
import { describe, expect, it } from 'vitest'

describe('capabilities', () => {
  it('are found by number and by name, as Docker writes them too', () => {
    for (const [name, number] of Object.entries(CAPABILITIES)) {
      expect(capabilityName(number)).toBe(name)
      expect(capabilityNumber(name)).toBe(number)
    }
    expect(capabilityNumber('net_admin')).toBe(12)
    expect(capabilityNumber('CAP_NOTHING')).toBeUndefined()
    expect(capabilityName(CAP_LAST_CAP + 1)).toBeUndefined()
    expect(Math.max(...Object.values(CAPABILITIES))).toBe(CAP_LAST_CAP)
  })
})

describe('signals', () => {
  it('are found by number and by name', () => {
    for (const [name, number] of Object.entries(SIGNALS)) {
      expect(signalName(number)).toBe(name)
      expect(signalNumber(name)).toBe(number)
    }
  })

  it.for<[string | number, number | undefined]>([
    ['term', 15],
    ['SIGTERM', 15],
    ['9', 9],
    [9, 9],
    ['SIGIOT', 6],
    ['SIGPOLL', 29],
    ['CLD', 17],
    ['RTMIN+3', 37],
    ['SIGRTMAX-1', 63],
    ['SIGRTMIN', 34],
    ['SIGRTMIN+31', undefined],
    ['0', undefined],
    ['65', undefined],
    ['-9', undefined],
    ['SIGNONE', undefined],
    ['', undefined],
    ['toString', undefined],
  ])('signalNumber(%j) is %j', ([name, number]) => {
    expect(signalNumber(name)).toBe(number)
  })

  it('have names for real-time ones', () => {
    expect(signalName(34)).toBe('SIGRTMIN')
    expect(signalName(64)).toBe('SIGRTMIN+30')
    expect(signalName(32)).toBeUndefined()
    expect(signalName(65)).toBeUndefined()
  })
})

describe('resource limits', () => {
  it('are the sixteen of the kernel', () => {
    expect(Object.values(RLIMITS)).toEqual(Array.from({ length: 16 }, (_, index) => index))
  })
})
