import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Seen } from './aspect.js'
import { ASPECTS } from './aspects.js'

const PAGE = fileURLToPath(new URL('../../SECURITY.md', import.meta.url))
const BEGIN = '<!-- measured by `npm run compare:docker`: do not edit -->\n'
const END = '<!-- end of what was measured -->\n'

/** Measure a default container of each, and put the table into SECURITY.md. */
export function writeSecurityTable(dockerVersion: string, docker: Seen, rt: Seen): void {
  const rows = ASPECTS.map(({ title, shown }) => {
    const [theirs, ours] = [shown(docker), shown(rt)].map((cell) => cell.replaceAll('|', '\\|'))
    return `| ${title} | ${theirs} | ${ours === theirs ? 'the same' : ours} |\n`
  })
  const head = `| | docker ${dockerVersion} | rt |\n| --- | --- | --- |\n`
  const page = readFileSync(PAGE, 'utf8')
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no place for what was measured`)
  writeFileSync(PAGE, page.slice(0, begin + BEGIN.length) + head + rows.join('') + page.slice(end))
}
