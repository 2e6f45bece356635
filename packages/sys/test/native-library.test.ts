// requires Linux
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const source = fileURLToPath(new URL('../src/index.ts', import.meta.url))
const koffi = realpathSync(fileURLToPath(new URL('../node_modules/koffi', import.meta.url)))
const platform = `linux_${process.arch}`

let bundle = ''
beforeAll(async () => {
  bundle = mkdtempSync('/tmp/rt-bundle-')
  await build({
    config: false,
    entry: { sys: source },
    format: ['esm'],
    external: ['koffi'],
    outDir: bundle,
    outExtension: () => ({ js: '.mjs' }),
    silent: true,
  })
})
afterAll(() => rmSync(bundle, { recursive: true }))
beforeEach((context) => {
  if (process.platform !== 'linux') context.skip('needs Linux')
})

/** Install koffi as `lay` does in a new project that has the built package, make a call, and say how koffi was loaded. */
function loadIn(lay: (modules: string) => void): unknown {
  const project = mkdtempSync('/tmp/rt-project-')
  try {
    const modules = join(project, 'node_modules')
    mkdirSync(modules)
    lay(modules)
    const script = `
      import { createRequire } from 'node:module'
      import { copyFileSync } from 'node:fs'
      copyFileSync(${JSON.stringify(join(bundle, 'sys.mjs'))}, ${JSON.stringify(join(project, 'sys.mjs'))})
      const { syscall } = await import(${JSON.stringify(join(project, 'sys.mjs'))})
      const works = syscall('getpid') === process.pid
      const viaKoffi = Object.keys(createRequire(import.meta.url).cache).some((file) => file.endsWith('koffi/index.cjs'))
      console.log(JSON.stringify({ works, viaKoffi }))`
    writeFileSync(join(project, 'test.mjs'), script)
    const { stdout, stderr } = spawnSync(process.execPath, [join(project, 'test.mjs')], { encoding: 'utf8' })
    if (stderr) throw new Error(stderr)
    return JSON.parse(stdout)
  } finally {
    rmSync(project, { recursive: true })
  }
}

/** koffi as a folder of its own, whose files are the installed ones. */
function koffiFolder(modules: string): void {
  mkdirSync(join(modules, 'koffi'))
  for (const name of ['package.json', 'index.cjs']) symlinkSync(join(koffi, name), join(modules, 'koffi', name))
}

describe("koffi's native part", () => {
  it("is loaded by its path, without koffi's JavaScript, through pnpm's links", () => {
    expect(loadIn((modules) => symlinkSync(koffi, join(modules, 'koffi')))).toEqual({ works: true, viaKoffi: false })
  })

  it('… and in the flat layout of npm', () => {
    const layout = (modules: string) => {
      koffiFolder(modules)
      symlinkSync(join(dirname(koffi), '@koromix'), join(modules, '@koromix'))
    }
    expect(loadIn(layout)).toEqual({ works: true, viaKoffi: false })
  })

  it('is left to koffi where it is elsewhere', () => {
    expect(loadIn(koffiFolder)).toEqual({ works: true, viaKoffi: true })
  })

  it('is left to koffi where it cannot be loaded, as on musl', () => {
    const layout = (modules: string) => {
      koffiFolder(modules)
      const folder = join(modules, '@koromix', `koffi-linux-${process.arch}`, platform)
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'koffi.node'), 'not a library')
    }
    expect(loadIn(layout)).toEqual({ works: true, viaKoffi: true })
  })
})
