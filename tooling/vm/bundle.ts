import { fileURLToPath } from 'node:url'
import { build } from 'tsup'

const source = (name: string) => fileURLToPath(new URL(`../../packages/${name}/src/index.ts`, import.meta.url))
const packages = ['sys', 'program', 'mountns', 'cgroups', 'chroot', 'rootfs', 'seccomp', 'registry', 'image', 'erofs']

/**
 * Bundles a TypeScript module and all it imports into one file, `folder`/script.mjs. Only koffi stays outside: it loads
 * a binary from beside its own file.
 */
export async function bundle(script: string, folder: string): Promise<void> {
  await build({
    config: false,
    silent: true,
    entry: { script },
    outDir: folder,
    outExtension: () => ({ js: '.mjs' }),
    format: ['esm'],
    target: 'node20.19',
    platform: 'node',
    splitting: false,
    sourcemap: 'inline',
    noExternal: [/./],
    external: ['koffi'],
    esbuildOptions(options) {
      options.alias = Object.fromEntries(packages.map((name) => [`@rt/${name}`, source(name)]))
    },
  })
}
