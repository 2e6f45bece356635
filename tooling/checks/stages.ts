import { join } from 'node:path'

/** One stage of `npm test`: a command that exits 0 when all is well. */
export interface Stage {
  name: string
  command: readonly [string, ...string[]]
  /** What the developer types to repair a failure, or to see it alone. */
  fix: string
  /** Show the output as it comes; otherwise it is shown only when the stage fails. */
  live?: boolean
  /** A reason not to run here, or nothing. */
  skip?: () => string | undefined
}

const tool = (name: string) => join('node_modules', '.bin', name)
const script = (path: string): [string, ...string[]] => ['node', '--import', 'tsx', path]

const notRoot = () =>
  process.getuid?.() === 0 ? undefined : 'not root: tests that need a missing Debian package will say so and skip'

/** Everything CI runs, in order: what is quick to fail comes before what is slow; tests come last. */
export const stages = (vitestArguments: readonly string[]): Stage[] => [
  {
    name: 'debian packages',
    command: ['sh', 'tooling/setup-debian.sh', '--if-possible'],
    fix: 'sh tooling/setup-debian.sh',
    skip: notRoot,
  },
  { name: 'lint and format', command: [tool('biome'), 'check', '--error-on-warnings', '.'], fix: 'npm run format' },
  { name: 'arrows', command: script('tooling/check-arrows.ts'), fix: 'npm run check:arrows' },
  {
    name: 'shellcheck',
    command: ['sh', 'tooling/checks/shell-scripts.sh'],
    fix: 'sh tooling/checks/shell-scripts.sh',
  },
  { name: 'types', command: [tool('tsc'), '-p', 'tsconfig.json', '--noEmit'], fix: 'npm run typecheck' },
  { name: 'build', command: [tool('turbo'), 'run', 'build', '--output-logs=errors-only'], fix: 'npm run build' },
  // Leaves ./rt's stamp: tests that call ./rt find it fresh, and none rebuilds what another one is running.
  { name: 'build for ./rt', command: ['sh', 'tooling/bootstrap.sh', 'cli'], fix: './rt --version' },
  { name: 'unused code', command: [tool('knip'), '--no-config-hints'], fix: 'npm run check:unused' },
  { name: 'package shape', command: script('tooling/checks/package-shape.ts'), fix: 'npm run check:shape' },
  {
    name: 'tests',
    command: [tool('vitest'), 'run', ...vitestArguments],
    fix: 'npx vitest run PATH-OF-THE-FAILED-TEST',
    live: true,
  },
]
