import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Tests read the packages' sources, so that an edit is seen without a build. What starts a second program (the CLI,
// the unpacking worker) needs `pnpm build` first; `npm test` does that.
const source = (name: string) => fileURLToPath(new URL(`./packages/${name}/src/index.ts`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: Object.fromEntries(
      ['sys', 'program', 'mountns', 'cgroups', 'chroot', 'rootfs', 'seccomp', 'registry', 'image', 'erofs'].map((n) => [
        `@rt/${n}`,
        source(n),
      ]),
    ),
  },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'apps/*/test/**/*.test.ts',
      'examples/test/**/*.test.ts',
      'tooling/test/**/*.test.ts',
    ],
    // Real processes, not threads: tests unshare, chdir and set umask, which a worker thread would share or refuse.
    pool: 'forks',
    // One file at a time: many compare the host's mounts, cgroups and processes before and after.
    maxWorkers: 1,
    // Torn down in reverse: the run's folder is gone when the leak check compares.
    globalSetup: ['tooling/vitest/leak-check.ts', 'tooling/vitest/run-folder.ts'],
    // The second one ends the run with the plain line `N passed, N failed, N skipped`.
    reporters: ['default', fileURLToPath(new URL('tooling/vitest/last-line.ts', import.meta.url))],
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
})
