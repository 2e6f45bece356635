import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

/** A whole number from `least` to `most`. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
    if (!(number >= least && number <= most)) {
      throw invalid(`expected a whole number from ${least} to ${most}, got ${quote(text)}`)
    }
    return number
  }

/** A number above 0, as in `1.5`. */
export function positiveNumber(text: string): number {
  const number = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(number > 0)) throw invalid(`expected a number above 0, such as 1.5, got ${quote(text)}`)
  return number
}

/** The same, or 0, which stands for "not given" as in Docker. */
export const numberOrZero = (text: string): number => (/^0*\.?0+$/.test(text) ? 0 : positiveNumber(text))

/** `0-2,5`: the kernel's list of CPUs, memory nodes. */
export function cpuList(text: string): string {
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) throw invalid(`expected CPUs such as 0-2,5, got ${quote(text)}`)
  return text
}
