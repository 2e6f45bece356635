import { fileURLToPath } from 'node:url'
import { arrows, forbiddenImports } from './checks/arrows.js'

// The package arrows of ARCHITECTURE.md, over the whole repository: exits 1 and lists each import that is none.
const root = fileURLToPath(new URL('..', import.meta.url))
const found = forbiddenImports(root, arrows)
for (const { file, line, specifier, reason } of found)
  console.error(`${file}:${line}: import of "${specifier}": ${reason}`)
if (found.length > 0) {
  console.error('\nShare what both need through @rt/sys or @rt/program (the Step), or combine them in apps/cli.')
  console.error('A new arrow is a design change: ARCHITECTURE.md and tooling/checks/arrows.ts together.')
  process.exitCode = 1
}
