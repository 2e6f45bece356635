import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

/** One line of CSV, as Docker reads `--mount`: fields with a comma stand in double quotes, `""` is one quote. */
export function csvFields(line: string): string[] {
  const fields: string[] = []
  let at = 0
  do {
    const [whole = '', quoted, plain] = /^(?:"((?:[^"]|"")*)"|([^",]*))(?=,|$)/.exec(line.slice(at)) ?? []
    if (quoted === undefined && plain === undefined) throw invalid(`a stray double quote in ${quote(line)}`)
    fields.push(quoted === undefined ? (plain as string) : quoted.replaceAll('""', '"'))
    at += whole.length + 1
  } while (at <= line.length)
  return fields
}
