import { nearest } from '@rt/sys'
import { invalid } from '../arguments/complaints.js'
import { quote } from '../values/quote.js'

/** `--filter key=value`, as often as it was given. */
export interface Filter {
  /** Whether any of the values of a key holds; true where it wasn't given. */
  some(key: string, holds: (value: string) => boolean): boolean
  /** Whether all of them do, as labels must. */
  every(key: string, holds: (value: string) => boolean): boolean
}

/** @throws RtError RT_INVALID_OPTION for a key that isn't known, or no `=` */
export function filterOf(texts: readonly string[], known: readonly string[]): Filter {
  const pairs = texts.map((text): [string, string] => {
    const [key = '', ...value] = text.split('=')
    if (value.length === 0) throw invalid(`expected KEY=VALUE, got ${quote(text)}`)
    if (known.includes(key)) return [key, value.join('=')]
    const meant = nearest(key, known)
    throw invalid(
      `invalid filter ${quote(key)}`,
      meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`,
    )
  })
  const of = (key: string) => pairs.filter(([each]) => each === key).map(([, value]) => value)
  return {
    some: (key, holds) => of(key).length === 0 || of(key).some(holds),
    every: (key, holds) => of(key).every(holds),
  }
}
