import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measure, type RowResult } from './measure.js'
import { updateReadme } from './readme-table.js'
import { machine, rowText, toJson } from './report.js'
import type { Row } from './row.js'

// npm run bench -- [ROW...] [--json FILE] [--rounds FACTOR] [--readme]: measures and reports; a missed budget is no failure.
// The script sets another tsconfig than the tests have, one without paths: what is measured are the packages as built.
const rowNames = [
  'in-process',
  'peers',
  'compiled',
  'building',
  'cli',
  'throughput',
  'burst',
  'memory',
  'unpack',
  'unpack-memory',
  'image',
  'filter',
] as const

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, rounds: { type: 'string', default: '1' }, readme: { type: 'boolean' } },
})

for (const name of positionals) {
  if (rowNames.includes(name as (typeof rowNames)[number])) continue
  console.error(`bench: no row is called "${name}"; there are: ${rowNames.join(', ')}`)
  process.exit(2)
}

// Every fixture lies in this folder, gone at the end (tooling/fixtures/temporary-folder.ts).
const folder = mkdtempSync(join(tmpdir(), 'rt-bench-'))
process.env.RT_RUN_FOLDER = folder
process.on('exit', () => {
  rmSync(folder, { recursive: true, force: true })
  // crun and runc remove the container's group, and leave its parent.
  spawnSync('find', ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', '*/rt-bench*', '-exec', 'rmdir', '{}', ';'])
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

console.log(
  Object.entries(machine())
    .map(([key, value]) => `${key} ${value}`)
    .join(', '),
)
const results: RowResult[] = []
for (const name of positionals.length > 0 ? positionals : rowNames) {
  const { row } = (await import(`./rows/${name}.js`)) as { row: Row }
  try {
    const result = await measure(row, Number(values.rounds))
    results.push(result)
    console.log(`\n${rowText(result)}`)
  } catch (error) {
    // The other rows are worth having all the same.
    console.error(`\n${row.name}: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}
if (values.json) writeFileSync(values.json, toJson(results))
if (values.readme) updateReadme(results)
