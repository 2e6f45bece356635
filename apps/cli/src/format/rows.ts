import { parseTemplate } from './template.js'

/** What is listed: Docker's fields, and their titles as the head of a table. */
export type Row = Readonly<Record<string, string>>

/** Bytes of a column at least, and between columns (Docker's tabwriter). */
const NARROWEST = 10
const GAP = 3

/**
 * Rows as `--format` asks: `table` and `table TEMPLATE` (columns by tabs, with a head), `json` (a line each), or a template for
 * each row.
 *
 * @param titles of the fields: `{ ID: 'IMAGE ID' }`
 * @param usual the template of a table without one
 * @throws RtError RT_INVALID_OPTION for a template that is none, or names fields that aren't there
 */
export function formatRows(format: string, titles: Row, rows: readonly Row[], usual: string): string {
  if (format === 'json' || format === '{{json .}}') return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  const [, table] = /^table(?:\s+(.*))?$/s.exec(format) ?? []
  const isTable = format === 'table' || table !== undefined
  // As Docker: in a shell's single quotes there is no other way to write them.
  const text = (isTable ? (table ?? usual) : format).replaceAll('\\t', '\t').replaceAll('\\n', '\n')
  const template = parseTemplate(text)
  // Also where there is no row: a field that isn't there is an error then, too.
  const head = template(titles)
  const lines = rows.map((row) => template(row))
  return isTable ? aligned([head, ...lines]) : lines.map((line) => `${line}\n`).join('')
}

/** Lines whose cells are separated by tabs, in columns; what stands behind the last tab isn't filled. */
function aligned(lines: readonly string[]): string {
  const cells = lines.map((line) => line.split('\t'))
  const widths: number[] = []
  for (const row of cells) {
    for (const [at, cell] of row.slice(0, -1).entries()) {
      widths[at] = Math.max(widths[at] ?? NARROWEST, [...cell].length + GAP)
    }
  }
  return cells
    .map((row) => `${row.map((cell, at) => (at < row.length - 1 ? cell.padEnd(widths[at] ?? 0) : cell)).join('')}\n`)
    .join('')
}
