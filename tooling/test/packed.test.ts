// requires root (containers), and npm's network for koffi, zstddec and the Node versions
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeBinary, nodeMajors, npm } from '../node-versions.js'
import { outputPattern, readmeExamples } from '../readme-example.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = join(root, 'apps/cli')
/** What is published: every folder of a package. */
const published = [
  ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`),
  ...readdirSync(join(root, 'apps')).map((name) => `apps/${name}`),
]

/** Node's major → its binary; the first row is the one that runs the tests. */
const versions: [string, () => string][] = [
  [process.version, () => process.execPath],
  ...nodeMajors.map((major): [string, () => string] => [`v${major}`, () => nodeBinary(major)]),
]

let folder: string
let tarballs: string[]
let rt: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rt-packed-'))
  mkdirSync(join(folder, 'tarballs'))
  // One after the other: each prepack builds what its package needs, and turbo has the rest.
  for (const path of published) {
    const pack = ['pack', '--pack-destination', join(folder, 'tarballs')]
    execFileSync(join(root, 'node_modules/.bin/pnpm'), pack, { cwd: join(root, path), stdio: 'pipe' })
  }
  tarballs = readdirSync(join(folder, 'tarballs')).map((name) => join(folder, 'tarballs', name))
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  npm(['install', ...tarballs], folder)
  rt = join(folder, 'node_modules/@rt/cli/dist/rt.js')
}, 600_000)
afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const inTarball = (tarball: string) => execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' }).split('\n')
const manifestOf = (tarball: string) =>
  JSON.parse(execFileSync('tar', ['xzOf', tarball, 'package/package.json'], { encoding: 'utf8' })) as {
    name: string
    license: string
    dependencies?: Record<string, string>
  }

describe('what is published', () => {
  it('has its licence, its README and what it was built to, and names versions that a registry has', () => {
    expect(tarballs).toHaveLength(published.length)
    for (const tarball of tarballs) {
      const { name, license, dependencies = {} } = manifestOf(tarball)
      const files = inTarball(tarball)
      expect(license, name).toBe('MIT')
      for (const file of ['LICENSE', 'README.md']) expect(files, name).toContain(`package/${file}`)
      expect(
        files.some((file) => /^package\/dist\/(index|rt)\.js$/.test(file)),
        name,
      ).toBe(true)
      for (const [dependency, version] of Object.entries(dependencies)) {
        expect(version, `${name}: ${dependency}`).toMatch(/^[\^~]?\d+\.\d+\.\d+$/)
      }
    }
  })

  it.each(published)('%s is refused by npm pack, which would leave workspace:* in it', (path) => {
    const { status, stderr } = spawnSync('npm', ['pack', '--pack-destination', folder], {
      cwd: join(root, path),
      encoding: 'utf8',
    })
    expect(status).not.toBe(0)
    expect(stderr).toContain('npx pnpm pack')
    expect(readdirSync(folder).filter((name) => name.endsWith('.tgz'))).toEqual([])
  })

  it('the CLI needs no package but koffi', () => {
    const manifest = tarballs.map(manifestOf).find(({ name }) => name === '@rt/cli')
    expect(Object.keys(manifest?.dependencies ?? {})).toEqual(['koffi'])
  })
})

describe('all packages, installed in an empty folder in one call', () => {
  it('is linked as rt and starts by its first line', () => {
    const { status, stdout } = spawnSync(join(folder, 'node_modules/.bin/rt'), ['--version'], { encoding: 'utf8' })
    expect(status).toBe(0)
    expect(stdout).toMatch(/\d+\.\d+\.\d+/)
  })

  describe.each(versions)('under Node %s', (_, find) => {
    let node: string
    beforeAll(() => {
      node = find()
    })
    const run = (...arguments_: string[]) =>
      spawnSync(node, [rt, ...arguments_], { cwd: folder, encoding: 'utf8', input: '' })

    it('says its version, the same as package.json', () => {
      const { version } = JSON.parse(readFileSync(join(cli, 'package.json'), 'utf8')) as { version: string }
      const { status, stdout, stderr } = run('--version')
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout).toContain(version)
    })

    it('explains itself', () => {
      const { status, stdout, stderr } = run('--help')
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout).toMatch(/\brun\b/)
    })

    it('runs a container and answers with its exit code', (context) => {
      if (process.getuid?.() !== 0) context.skip('needs root: rt run makes namespaces')
      expect(run('run', '--', 'true')).toMatchObject({ status: 0, stdout: '', stderr: '' })
      expect(run('run', '--', 'sh', '-c', 'echo inside; exit 7')).toMatchObject({ status: 7, stdout: 'inside\n' })
    })

    const examples = ['README.md', ...published.map((path) => `${path}/README.md`)].flatMap((path) =>
      path === 'apps/cli/README.md'
        ? []
        : readmeExamples(readFileSync(join(root, path), 'utf8')).map((example, index) => ({ ...example, path, index })),
    )
    it.for(examples)('runs the example of $path', ({ code, output, path, index }, context) => {
      if (process.getuid?.() !== 0) context.skip('needs root: the examples make mounts, cgroups and containers')
      const file = join(folder, `${path.replaceAll('/', '-')}-${index}.mjs`)
      const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
      writeFileSync(file, ts.transpileModule(code, { compilerOptions }).outputText)
      const { status, stdout, stderr } = spawnSync(node, [file], { cwd: folder, encoding: 'utf8', input: '' })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      if (output !== undefined) expect(stdout).toMatch(outputPattern(output))
    })
  })
})
