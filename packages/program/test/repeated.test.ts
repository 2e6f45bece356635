// requires: nothing
import { expect, it } from 'vitest'
import { repeated } from '../src/explain/repeated.js'

const shown = (text: string): string =>
  repeated([...text], (letter) => letter)
    .map((part) => ('times' in part ? `{${part.times}×${part.first.join('')}}` : part.join('')))
    .join('')

it.each([
  ['', ''],
  ['abc', 'abc'],
  // Twice is no habit, and a few lines are shown.
  ['abcdefghijabcdefghij', 'abcdefghijabcdefghij'],
  ['aaaaaaaa', 'aaaaaaaa'],
  ['aaaaaaaaa', 'a{8×a}'],
  ['xababababababy', 'xab{5×ab}y'],
  ['abcdabcdabcdz', 'abcd{2×abcd}z'],
  // The shortest period, and as many of it as there are.
  ['abababababababababa', 'ab{8×ab}a'],
  ['xaaaaaaaaaayabcabcabcabcz', 'xa{9×a}yabc{3×abc}z'],
])('%s', (text, expected) => {
  expect(shown(text)).toBe(expected)
})
