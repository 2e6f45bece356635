import { fileURLToPath } from 'node:url'
import { arrows, forbiddenImports } from './checks/arrows.js'
import { importCycles } from './checks/cycles.js'

// The package arrows of ARCHITECTURE.md, over the whole repository, and no circles of imports within a package: exits 1
// and lists each import that is no arrow, and each circle.
const root = fileURLToPath(new URL('..', import.meta.url))
const found = forbiddenImports(root, arrows)
for (const { file, line, specifier, reason } of found)
  console.error(`${file}:${line}: import of "${specifier}": ${reason}`)
if (found.length > 0) {
  console.error('\nShare what both need through @rt/sys or @rt/program (the Step), or combine them in apps/cli.')
  console.error('A new arrow is a design change: ARCHITECTURE.md and tooling/checks/arrows.ts together.')
  process.exitCode = 1
}

const cycles = importCycles(root)
for (const files of cycles) console.error(`these import one another: ${files.join(', ')}`)
if (cycles.length > 0) {
  console.error('\nPut what both need, types too, into a file of its own.')
  process.exitCode = 1
}
