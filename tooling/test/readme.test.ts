// requires root: the examples make mounts, cgroups and containers
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { needs } from '../fixtures/index.js'
import { outputPattern, readmeExample } from '../readme-example.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tsx = join(root, 'node_modules/.bin/tsx')

const readmes = ['README.md', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`)]

describe('the example of each README', () => {
  it.for(readmes)('%s: runs and prints what stands there', (readme, context) => {
    needs(context, 'root')
    const { code, output } = readmeExample(readFileSync(join(root, readme), 'utf8'))
    const folder = mkdtempSync(join(tmpdir(), 'rt-readme-'))
    try {
      // A module, as in a project of the reader's: top-level await works. Its @rt/* are the sources (tsconfig paths).
      const file = join(folder, 'example.mts')
      writeFileSync(file, code)
      const result = spawnSync(tsx, ['--tsconfig', join(root, 'tsconfig.json'), file], {
        cwd: folder,
        encoding: 'utf8',
        input: '',
        timeout: 25_000,
      })
      expect({ status: result.status, stderr: result.stderr }).toEqual({ status: 0, stderr: '' })
      if (output !== undefined) expect(result.stdout).toMatch(outputPattern(output))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('readmeExample', () => {
  const markdown = ['# x', '```sh', 'npm i', '```', '```ts', 'one()', '```', 'prints', '```text', 'pid …', '```'].join(
    '\n',
  )

  it('takes the first ts block and the text block that follows', () => {
    expect(readmeExample(markdown)).toEqual({ code: 'one()\n', output: 'pid …\n' })
  })

  it('refuses a README without an example', () => {
    expect(() => readmeExample('# x\n```sh\nls\n```\n')).toThrow('no ```ts block')
  })

  it('compares the whole output, with … for what changes', () => {
    expect('pid 42\n').toMatch(outputPattern('pid …\n'))
    expect('pid 42\nmore\n').not.toMatch(outputPattern('pid …\n'))
    expect('a+b\n').not.toMatch(outputPattern('a.b\n'))
  })
})
