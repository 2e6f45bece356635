import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'tsup'

// The packages' sources, not their builds: ./rt needs one build, not seven, and dead code is dropped across packages.
const folder = (name: string) => fileURLToPath(new URL(`../../packages/${name}`, import.meta.url))
const packages = ['sys', 'program', 'mountns', 'cgroups', 'chroot', 'rootfs']
const worker = `${folder('rootfs')}/src/extract/worker.ts`

export default defineConfig({
  entry: {
    rt: 'src/rt.ts',
    // A worker thread starts from a file of its own.
    ...(existsSync(worker) ? { 'extract-worker': worker } : {}),
  },
  // CommonJS, although the sources are ES modules: Node's ES module loader costs 5 ms at every start, and a static
  // import of a built-in is hoisted, so that `import()` of a command would delay nothing (node:net alone is 2 ms).
  format: ['cjs'],
  shims: true,
  target: 'node20.19',
  platform: 'node',
  // One file to parse and no look-ups when a container starts: `import()` of a command only delays running its module.
  splitting: false,
  minify: true,
  treeshake: false,
  external: ['koffi'],
  noExternal: [/^@rt\//],
  clean: true,
  esbuildOptions(options) {
    options.alias = Object.fromEntries(packages.map((name) => [`@rt/${name}`, `${folder(name)}/src/index.ts`]))
    options.legalComments = 'none'
  },
})
