import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Arrows, arrows, forbiddenImports } from '../checks/arrows.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const rules: Arrows = { sys: [], cgroups: ['sys'], mountns: ['sys'] }

let root: string
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rt-arrows-'))
  for (const name of Object.keys(rules)) write(`packages/${name}/package.json`, '{}')
})
afterEach(() => rmSync(root, { recursive: true }))

describe('the package arrows', () => {
  it('hold in this repository', () => {
    expect(forbiddenImports(repository, arrows)).toEqual([])
  })

  it.each([
    ['import', `import { a } from '@rt/mountns'`],
    ['import for its effect', `import '@rt/mountns'`],
    ['import type', `import type { A } from '@rt/mountns'`],
    ['inline type import', `import { type A } from '@rt/mountns'`],
    ['import() of a module', `await import('@rt/mountns')`],
    ['import() with a template literal', 'await import(`@rt/mountns`)'],
    ['import() in a type', `let a: import('@rt/mountns').A`],
    ['typeof import()', `let a: typeof import('@rt/mountns')`],
    ['re-export of all', `export * from '@rt/mountns'`],
    ['re-export of a name', `export { a } from '@rt/mountns'`],
    ['re-export of a type', `export type { A } from '@rt/mountns'`],
    ['import = require', `import a = require('@rt/mountns')`],
    ['require()', `const a = require('@rt/mountns')`],
    ['import.meta.resolve()', `import.meta.resolve('@rt/mountns')`],
    ['relative path into another package', `import { a } from '../../mountns/src/index.js'`],
    ['relative re-export out of the package', `export * from '../../../tooling/x.js'`],
    ['a file of a package that may be imported', `import { a } from '@rt/sys/src/errno.js'`],
    ['worker in another package', `new Worker(new URL('../../mountns/src/worker.js', import.meta.url))`],
    ['the package itself by name', `import { a } from '@rt/cgroups'`],
  ])('find a forbidden %s', (_, text) => {
    write('packages/cgroups/src/deep/../bad.ts', `// a comment\n${text}\n`)
    expect(forbiddenImports(root, rules)).toMatchObject([{ file: 'packages/cgroups/src/bad.ts', line: 2 }])
  })

  it.each([
    `import { a } from '@rt/sys'`,
    `import { a } from './a.js'`,
    `import { readFile } from 'node:fs'`,
    `import koffi from 'koffi'`,
    `const text = "import { a } from '@rt/mountns'"`,
    `// import { a } from '@rt/mountns'`,
  ])('allow %s', (text) => {
    write('packages/cgroups/src/good.ts', text)
    expect(forbiddenImports(root, rules)).toEqual([])
  })

  it('find a dependency of package.json, and a package without a row', () => {
    write('packages/sys/package.json', '{\n  "dependencies": {\n    "@rt/mountns": "workspace:*"\n  }\n}')
    write('packages/other/package.json', '{}')
    expect(forbiddenImports(root, rules)).toMatchObject([
      { file: 'packages/other/package.json', specifier: '@rt/other' },
      { file: 'packages/sys/package.json', line: 3, specifier: '@rt/mountns' },
    ])
  })
})
