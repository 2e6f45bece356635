import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

/** An octal mode, as of umask(2): `0027`. */
export function fileMask(text: string): number {
  if (/^0*[0-7]{1,3}$/.test(text)) return Number.parseInt(text, 8)
  throw invalid(`expected an octal mode such as 0027, got ${quote(text)}`)
}
