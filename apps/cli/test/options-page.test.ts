// requires nothing; `npx vitest run apps/cli/test/options-page.test.ts --update` writes OPTIONS.md anew
import { expect, it } from 'vitest'
import type { OptionGroup } from '../src/arguments/option.js'
import { completionRows } from '../src/completion/model.js'
import { optionHead } from '../src/help/command-help.js'

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

function table({ title, options }: OptionGroup): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const again = option.kind === 'many' ? ' (can be repeated)' : ''
    return `| \`${cell(optionHead(name, option).trim())}\` | ${cell(option.help)}${again} |\n`
  })
  return `\n### ${title}\n\n| | |\n|---|---|\n${rows.join('')}`
}

it('OPTIONS.md says what --help says', async () => {
  const sections = (await completionRows()).map(({ name, summary, command }) => {
    const { usage, description, examples, groups, options } = command
    const shown = groups.length > 0 ? groups : [{ title: 'Options', options }]
    return [
      `\n## rt ${name}\n\n${summary}\n\n    rt ${name} ${usage}\n`,
      ...description.map((paragraph) => `\n${cell(paragraph)}\n`),
      examples.length ? `\n${examples.map(([line, meaning]) => `    ${line}    # ${meaning}\n`).join('')}` : '',
      ...shown.map(table),
    ].join('')
  })
  const head = '# Options of rt\n\nWritten from the tables that parse them (src/options): edit those, not this page.\n'
  await expect(head + sections.join('')).toMatchFileSnapshot('../OPTIONS.md')
})
