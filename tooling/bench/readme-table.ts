import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { RowResult } from './measure.js'
import { figure } from './report.js'

const readme = fileURLToPath(new URL('../../README.md', import.meta.url))
const [begin, end] = ['<!-- bench: npm run bench -- --readme -->', '<!-- /bench -->']

/** The figures as a Markdown table: a line per row of the benchmark. */
function markdownTable(results: readonly RowResult[]): string {
  const lines = results.map(({ row, samples, budgets }) => {
    const medians = samples.map(({ name, median }) => `${name} ${figure(median)} ${row.unit}`).join('<br>')
    const ratios = budgets
      .filter(({ value }) => !Number.isNaN(value))
      .map(({ budget, value }) => {
        const limit = `${figure(budget.atMost)} ${budget.unit}`
        return `${budget.what}: ${figure(value)} ${budget.unit}${value > budget.atMost ? ` (aim: ${limit})` : ''}`
      })
    return `| ${row.what} | ${medians} | ${ratios.join('<br>')} |`
  })
  return ['| what | median | compared |', '| --- | --- | --- |', ...lines].join('\n')
}

/** Puts the table in the README, between its two marks. @throws Error if they aren't there */
export function updateReadme(results: readonly RowResult[]): void {
  const text = readFileSync(readme, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`README.md has no "${begin}" … "${end}"`)
  writeFileSync(readme, `${text.slice(0, from + begin.length)}\n\n${markdownTable(results)}\n\n${text.slice(to)}`)
}
