import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseAllowedSkips, unexpectedSkips } from '../vitest/allowed-skips.js'

describe('.ci/allowed-skips', () => {
  it('is well formed', () => {
    const text = readFileSync(new URL('../../.ci/allowed-skips', import.meta.url), 'utf8')
    expect(() => parseAllowedSkips(text)).not.toThrow()
  })

  it('reads a name and a reason per line, split at the last dash', () => {
    expect(parseAllowedSkips('# head\n\na.test.ts > runs — not walks — needs kernel 6.8\n')).toEqual([
      { name: 'a.test.ts > runs — not walks', reason: 'needs kernel 6.8' },
    ])
  })

  it.each(['a.test.ts > runs', 'a.test.ts > runs — ', ' — a reason'])('refuses "%s"', (line) => {
    expect(() => parseAllowedSkips(`# head\n${line}`)).toThrow('line 2')
  })

  it('allows the named test and no other', () => {
    const allowed = parseAllowedSkips('a.test.ts > runs — why')
    expect(unexpectedSkips(['a.test.ts > runs', 'a.test.ts > runs fast', 'runs'], allowed)).toEqual([
      'a.test.ts > runs fast',
      'runs',
    ])
  })
})
