import { SIGNALS, SIGRTMAX, SIGRTMIN } from '@rt/sys'
import { invalid } from '../arguments/complaints.js'
import { nearest } from '../arguments/nearest.js'
import { quote } from './quote.js'

/** A signal's number: `TERM`, `SIGTERM`, `15`, `RTMIN+3`. */
export function signalNumber(text: string): number {
  const name = text.toUpperCase().replace(/^SIG/, '')
  const known = (SIGNALS as Readonly<Record<string, number>>)[`SIG${name}`]
  if (known !== undefined) return known
  const [, base, offset = '0'] = /^(RTMIN|RTMAX)([+-]\d+)?$/.exec(name) ?? []
  const number =
    base === undefined ? Number(/^\d+$/.test(name) ? name : Number.NaN) : realTime[base as 'RTMIN'] + Number(offset)
  if (number >= 1 && number <= SIGRTMAX) return number
  const meant = nearest(`SIG${name}`, Object.keys(SIGNALS))
  throw invalid(`expected a signal such as SIGTERM or 15, got ${quote(text)}`, meant && `did you mean ${meant}?`)
}

const realTime = { RTMIN: SIGRTMIN, RTMAX: SIGRTMAX }
