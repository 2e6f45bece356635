import { defineConfig } from 'vitest/config'
import config from './vitest.config.js'

/** `npm run test:long`: racers, soaks and fuzzers that take minutes or hours; each has a short sibling in `npm test`. */
export default defineConfig({
  ...config,
  test: {
    ...config.test,
    include: ['packages/*/test/**/*.long.ts', 'apps/*/test/**/*.long.ts', 'tooling/test/**/*.long.ts'],
    testTimeout: 3 * 3_600_000,
  },
})
