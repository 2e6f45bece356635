import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Reporter, TestModule } from 'vitest/node'
import { type AllowedSkip, parseAllowedSkips, unexpectedSkips } from './allowed-skips.js'
import { leakCount } from './leaks-found.js'

const allowListPath = fileURLToPath(new URL('../../.ci/allowed-skips', import.meta.url))

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/**
 * Ends a run with the plain line `N passed, N failed, N skipped`, after naming every skip with its reason.
 *
 * Failed counts tests, files that could not be loaded, errors outside tests, what the leak check found and, where CI
 * is set, each skip that .ci/allowed-skips doesn't name. With RT_LAST_LINE_FILE the line goes to that file instead
 * (tooling/checks/run-stages.ts prints it last).
 */
export default class LastLine implements Reporter {
  #counts: Counts | undefined

  constructor() {
    // The global teardown, where the leak check compares, comes after the last report: only `exit` is later.
    process.on('exit', () => this.#finish())
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandledErrors: ReadonlyArray<unknown>): void {
    const counts: Counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    const skips: { name: string; reason: string }[] = []
    for (const module of modules) {
      let failedHere = 0
      for (const test of module.children.allTests()) {
        const result = test.result()
        const name = `${module.relativeModuleId} > ${test.fullName}`
        if (result.state === 'passed') counts.passed++
        else if (result.state === 'skipped') skips.push({ name, reason: result.note ?? '' })
        else failedHere++ // a test that never finished is pending: no pass either
      }
      // A file that fails to load, or whose beforeAll fails, may have no failed test to show for it.
      counts.failed += failedHere === 0 && module.state() === 'failed' ? 1 : failedHere
    }
    counts.skipped = skips.length
    for (const skip of skips) console.log(`skipped: ${skip.name} — ${skip.reason || 'NO REASON GIVEN'}`)
    if (process.env.CI) counts.failed += this.#refuseSkips(skips.map((skip) => skip.name))
    this.#counts = counts
  }

  #refuseSkips(names: readonly string[]): number {
    const allowed: AllowedSkip[] = parseAllowedSkips(readFileSync(allowListPath, 'utf8'))
    const refused = unexpectedSkips(names, allowed)
    for (const name of refused) console.log(`FAIL: skipped in CI, and not in .ci/allowed-skips: ${name}`)
    return refused.length
  }

  #finish(): void {
    const counts = this.#counts ?? { passed: 0, failed: 1, skipped: 0 } // stopped before it could report
    const failed = counts.failed + leakCount()
    // No test at all is no success either: a wrong path, or a broken include pattern.
    if (failed > 0 || counts.passed === 0) process.exitCode = process.exitCode || 1
    const line = `${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped\n`
    const file = process.env.RT_LAST_LINE_FILE
    if (file) writeFileSync(file, line)
    else writeSync(1, line)
  }
}
