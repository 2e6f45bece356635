import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { importCycles } from '../checks/cycles.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))

let root: string
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rt-cycles-'))
})
afterEach(() => rmSync(root, { recursive: true }))

describe('circles of imports', () => {
  it('there are none in this repository', () => {
    expect(importCycles(repository)).toEqual([])
  })

  it.each([
    ['import', `import { a } from './a.js'`],
    ['import type', `import type { A } from './a.js'`],
    ['re-export', `export * from './a.js'`],
    ['import() of a module', `await import('./a.js')`],
    ['import() in a type', `let a: import('./a.js').A`],
  ])('are found by an %s, over a third file', (_, text) => {
    write('packages/sys/src/a.ts', `import { c } from './deep/c.js'`)
    write('packages/sys/src/deep/c.ts', `export { b } from '../b.js'`)
    write('packages/sys/src/b.ts', text)
    write('packages/sys/src/outside.ts', `import './a.js'`)
    expect(importCycles(root)).toEqual([
      ['packages/sys/src/a.ts', 'packages/sys/src/b.ts', 'packages/sys/src/deep/c.ts'],
    ])
  })

  it('are found in each package, and of one file alone', () => {
    write('packages/sys/src/a.ts', `import './b.js'`)
    write('packages/sys/src/b.ts', `import './a.js'`)
    write('packages/chroot/src/c.ts', `import './c.js'`)
    expect(importCycles(root)).toEqual([
      ['packages/chroot/src/c.ts'],
      ['packages/sys/src/a.ts', 'packages/sys/src/b.ts'],
    ])
  })

  it('are none where two files import a third', () => {
    write('packages/sys/src/a.ts', `import './c.js'\nimport './b.js'`)
    write('packages/sys/src/b.ts', `import './c.js'\nimport { x } from './a.json'`)
    write('packages/sys/src/c.ts', `import 'node:fs'`)
    expect(importCycles(root)).toEqual([])
  })
})
