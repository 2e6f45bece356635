import { defineConfig, type Options } from 'tsup'

/** The build every library package shares: one ESM entry with types; `extra` adds entries (a worker, say). */
export const library = (extra: Options = {}) =>
  defineConfig({
    entry: ['src/index.ts'],
    format: ['esm'],
    target: 'node20.19',
    platform: 'node',
    dts: { entry: 'src/index.ts' },
    sourcemap: true,
    clean: true,
    ...extra,
  })
