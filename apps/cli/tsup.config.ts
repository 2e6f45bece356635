import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Options } from 'tsup'

// The packages' sources, not their builds: ./rt needs one build, not seven, and dead code is dropped across packages.
const folder = (name: string) => fileURLToPath(new URL(`../../packages/${name}`, import.meta.url))
const packages = ['sys', 'program', 'mountns', 'cgroups', 'chroot', 'rootfs', 'seccomp', 'registry', 'image', 'erofs']

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/** Loaded by Node itself before any program starts: a getter would only cost. Not node:module, whose public face takes 2 ms. */
const LOADED = new Set(['node:fs', 'node:path', 'node:path/posix', 'node:url', 'node:vm', 'node:buffer'])

/**
 * Loads Node's own modules when something of them is first used, not when a file that imports them is: `rt run` never
 * touches zlib, and node:fs/promises alone takes 3 ms. An import becomes an object of getters.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, namespace }) =>
      namespace === 'lazy' || LOADED.has(path) ? { path, external: true } : { path, namespace: 'lazy' },
    )
    onLoad({ filter: /./, namespace: 'lazy' }, async ({ path }) => {
      const names = Object.keys((await import(path)) as object)
      const getters = names.map((name) => `get ${name}() { return load()${name === 'default' ? '' : `.${name}`} }`)
      return {
        contents: `const load = () => require(${JSON.stringify(path)})\nmodule.exports = { ${getters.join(', ')} }`,
      }
    })
  },
}

const alias = Object.fromEntries(packages.map((name) => [`@rt/${name}`, `${folder(name)}/src/index.ts`]))

/** Runs plan/default-filters.ts now and puts what it exports in its place: compiling a filter takes some ms. */
const defaultFilters: Plugin = {
  name: 'default-filters',
  setup({ onLoad, esbuild }) {
    onLoad({ filter: /\/plan\/default-filters\.ts$/ }, async ({ path }) => {
      const { outputFiles, metafile } = await esbuild.build({
        entryPoints: [path],
        bundle: true,
        format: 'cjs',
        platform: 'node',
        external: ['koffi'],
        alias,
        write: false,
        metafile: true,
      })
      const module = { exports: {} as Record<string, unknown> }
      const require = createRequire(import.meta.url)
      new Function('module', 'exports', 'require', outputFiles[0]?.text ?? '')(module, module.exports, require)
      const constants = Object.entries(module.exports).map(
        ([name, value]) => `export const ${name} = ${JSON.stringify(value)}`,
      )
      return { contents: constants.join('\n'), watchFiles: Object.keys(metafile.inputs) }
    })
  },
}

export default defineConfig({
  entry: {
    // Starts main.js, the whole program, through V8's code cache.
    rt: 'src/rt.ts',
    main: 'src/main.ts',
    // What only an image needs: main.js loads it for an image.
    images: 'src/images.ts',
    // A worker thread starts from a file of its own.
    'extract-worker': `${folder('rootfs')}/src/extract/worker.ts`,
  },
  // CommonJS, although the sources are ES modules: Node's ES module loader costs 5 ms at every start, and a static
  // import of a built-in is hoisted, so that `import()` of a command would delay nothing.
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
  // Else tsup resolves node:… itself, before the plugin is asked.
  removeNodeProtocol: false,
  esbuildPlugins: [
    lazyBuiltins,
    defaultFilters,
    {
      name: 'images',
      setup({ onResolve }) {
        onResolve({ filter: /^(\.\.\/)+images\.js$/ }, () => ({ path: './images.js', external: true }))
      },
    },
  ],
  esbuildOptions(options) {
    options.alias = alias
    options.legalComments = 'none'
    // A real import() would load Node's ES module loader; this is require() behind a promise.
    options.supported = { 'dynamic-import': false }
  },
})
