// requires root (rt run), apps/cli/dist (npm test builds it), and npm's network for koffi and the Node versions
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeBinary, nodeMajors, npm } from '../node-versions.js'

const cli = fileURLToPath(new URL('../../apps/cli', import.meta.url))

/** Node's major → its binary; the first row is the one that runs the tests. */
const versions: [string, () => string][] = [
  [process.version, () => process.execPath],
  ...nodeMajors.map((major): [string, () => string] => [`v${major}`, () => nodeBinary(major)]),
]

let folder: string
let rt: string

beforeAll(() => {
  if (!existsSync(join(cli, 'dist/rt.js'))) throw new Error('apps/cli/dist/rt.js is missing: npm run build')
  folder = mkdtempSync(join(tmpdir(), 'rt-packed-'))
  const tarball = npm(['pack', '--pack-destination', folder], cli).trim().split('\n').at(-1) ?? ''
  npm(['install', '--prefix', folder, join(folder, tarball)], folder)
  rt = join(folder, 'node_modules/@rt/cli/dist/rt.js')
})
afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true })
})

describe('the packed CLI, installed in an empty folder', () => {
  it('is linked as rt and starts by its first line', () => {
    const { status, stdout } = spawnSync(join(folder, 'node_modules/.bin/rt'), ['--version'], { encoding: 'utf8' })
    expect(status).toBe(0)
    expect(stdout).toMatch(/\d+\.\d+\.\d+/)
  })

  it('needs no package but koffi and its binaries', () => {
    const lock = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8')) as {
      packages: Record<string, unknown>
    }
    const names = Object.keys(lock.packages).map((path) => path.replace('node_modules/', ''))
    expect(names.filter((name) => !/^(@rt\/cli|koffi|@koromix\/.*)$/.test(name))).toEqual([])
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
  })
})
