// requires root: a container is run
import { describe, expect, it } from 'vitest'
import { chromeTrace, formatTrace, type TraceRow, trace } from '../src/index.js'
import { shell } from './plans.js'

describe.skipIf(process.getuid?.() !== 0)('trace (skipped without root: new namespaces)', () => {
  it('tells each call’s values, result and time, as rows, table and Perfetto’s events', async () => {
    const { rows, exit } = await trace(shell('exit 3'), { stdio: 'null' })
    expect(exit).toEqual({ code: 3 })
    const clone = rows.find((row) => row.call.startsWith('clone3(')) as TraceRow
    expect(clone).toMatchObject({ process: 'supervisor', step: 'namespaces', isCall: true })
    expect(clone.result).toBeGreaterThan(1)
    expect(clone.duration).toBeGreaterThan(1000)
    const mount = rows.find((row) => row.call.startsWith('mount(')) as TraceRow
    expect(mount).toMatchObject({ process: 'init', result: 0, call: 'mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)' })
    const times = rows.map((row) => row.at ?? 0)
    expect([...times].sort((a, b) => a - b)).toEqual(times)
    // execve never returns, so it has no row of its own.
    expect(rows.some((row) => row.call.startsWith('execve('))).toBe(false)
    expect(formatTrace(rows)).toMatch(/init: namespaces \(test\)\n +[\d.]+ +[\d.]+ {2}mount\(NULL, .* = 0\n/)
    const { traceEvents } = JSON.parse(chromeTrace(rows))
    expect(traceEvents.filter((event: { ph: string }) => event.ph === 'M')).toHaveLength(2)
    const event = traceEvents.find((each: { name: string }) => each.name === 'clone3')
    expect(event).toMatchObject({ ph: 'X', cat: 'namespaces', dur: expect.any(Number), args: { result: clone.result } })
  })
})
