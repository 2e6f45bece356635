// requires root: the examples make mounts, cgroups and containers
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { needs } from '../fixtures/index.js'
import { outputPattern, readmeExamples } from '../readme-example.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tsx = join(root, 'node_modules/.bin/tsx')

const readmes = ['README.md', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`)]

const examples = readmes.flatMap((readme) =>
  readmeExamples(readFileSync(join(root, readme), 'utf8')).map((example, index) => ({
    name: `${readme} ${index + 1}`,
    ...example,
  })),
)

describe('every example of each README', () => {
  it.for(examples)('$name: runs and prints what stands there', ({ code, output }, context) => {
    needs(context, 'root')
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

describe('readmeExamples', () => {
  const fenced = (language: string, text: string) => [`\`\`\`${language}`, text, '```']
  const markdown = [
    '# x',
    fenced('sh', 'npm i'),
    fenced('ts', 'one()'),
    'prints',
    fenced('text', 'pid …'),
    fenced('ts', 'two()'),
    '',
  ]
    .flat()
    .join('\n')

  it('takes every ts block and the text block that follows it', () => {
    expect(readmeExamples(markdown)).toEqual([
      { code: 'one()\n', output: 'pid …\n' },
      { code: 'two()\n', output: undefined },
    ])
  })

  it('refuses a README without an example', () => {
    expect(() => readmeExamples('# x\n```sh\nls\n```\n')).toThrow('no ```ts block')
  })

  it('compares the whole output, with … for what changes', () => {
    expect('pid 42\n').toMatch(outputPattern('pid …\n'))
    expect('pid 42\nmore\n').not.toMatch(outputPattern('pid …\n'))
    expect('a+b\n').not.toMatch(outputPattern('a.b\n'))
  })
})
