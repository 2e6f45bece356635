import { nearest, SIGNALS, signalNumber } from '@rt/sys'
import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

/** A signal's number: `TERM`, `SIGTERM`, `15`, `RTMIN+3`. */
export function parseSignal(text: string): number {
  const number = signalNumber(text)
  if (number !== undefined) return number
  const meant = nearest(`SIG${text.toUpperCase().replace(/^SIG/, '')}`, Object.keys(SIGNALS))
  throw invalid(`expected a signal such as SIGTERM or 15, got ${quote(text)}`, meant && `did you mean ${meant}?`)
}
