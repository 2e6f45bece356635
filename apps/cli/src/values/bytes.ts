import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

const UNITS = 'bkmgtp'

/** Docker's sizes: `512m`, `1.5g`, `64MiB`, `1024`; units are powers of 1024. Whole bytes, rounded down. */
export function bytes(text: string): number {
  const [, number = '', unit = 'b'] = /^(\d+(?:\.\d+)?) ?(?:([bkmgtp])(?:i?b)?)?$/i.exec(text) ?? []
  const size = Math.floor(Number(number) * 1024 ** UNITS.indexOf(unit.toLowerCase()))
  if (number === '' || !Number.isSafeInteger(size)) {
    throw invalid(`expected a size such as 512m or 1.5g, got ${quote(text)}`)
  }
  return size
}
