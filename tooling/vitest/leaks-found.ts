// The leak check (a global teardown) and the last line (a reporter) are loaded by different module graphs of one
// process; a registered symbol on globalThis is what both see.
const key = Symbol.for('rt.leaksFound')
const holder = globalThis as { [key]?: number }

/** Called by the leak check when it has found something that must fail the run. */
export const reportLeaks = (count: number): void => {
  holder[key] = count
}

/** How many leaks fail this run; 0 before the check and when it found nothing. */
export const leakCount = (): number => holder[key] ?? 0
