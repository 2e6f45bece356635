// requires tmux for what a terminal makes of it
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getWindowSize } from '@rt/sys'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { jsonLines } from '../src/progress/json-lines.js'
import { partLine } from '../src/progress/part-line.js'
import { redrawnLines } from '../src/progress/redrawn-lines.js'
import type { Part, Showing } from '../src/progress/showing.js'
import { linesOn, showingFor } from '../src/progress/showing-for.js'
import { Screen } from './screen.js'

const MB = 1_000_000
const at = (current: number, total: number, id = 'a1b2c3d4e5f6'): Part => ({
  id,
  status: 'Downloading',
  current: current * MB,
  total: total * MB,
})

describe('the line of a layer', () => {
  it.each([
    [at(12.3, 45.6), 70, 'a1b2c3d4e5f6: Downloading [=======>                  ]   12.3MB/45.6MB'],
    [at(45.6, 45.6), 60, 'a1b2c3d4e5f6: Downloading [================]   45.6MB/45.6MB'],
    // No room for a bar, and then not for the numbers either.
    [at(12.3, 45.6), 45, 'a1b2c3d4e5f6: Downloading   12.3MB/45.6MB'],
    [at(12.3, 45.6), 20, 'a1b2c3d4e5f6: Downlo'],
    // More than was promised, and no promise.
    [at(2, 1), 80, 'a1b2c3d4e5f6: Downloading      2MB'],
    [{ id: 'a', status: 'Pushing', current: 1 }, 80, 'a: Pushing       1B'],
    [{ ...at(5, 5), status: 'Pull complete' }, 80, 'a1b2c3d4e5f6: Pull complete'],
  ])('%j in %d columns', (part, columns, line) => {
    expect(partLine(part, columns)).toBe(line)
  })

  it.each([1, 13, 40, 57, 58, 80, 200])('is never wider than %d columns, nor jumps', (columns) => {
    const lines = Array.from({ length: 101 }, (_, percent) => partLine(at(percent, 100), columns))
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns)
    const bars = lines.map((line) => /\[(=*)/.exec(line)?.[1]?.length ?? 0)
    expect(bars).toEqual(bars.toSorted((a, b) => a - b))
  })
})

/** What is written to a file by `use`. */
function written(use: (fd: number) => void): string {
  const path = join(temporaryFolder('progress'), 'out')
  const fd = openSync(path, 'w')
  try {
    use(fd)
  } finally {
    closeSync(fd)
  }
  return readFileSync(path, 'utf8')
}

/** A pull of two layers. */
function play(showing: Showing): void {
  showing.line('v1: Pulling from team/app')
  showing.part({ id: 'aaa', status: 'Pulling fs layer', current: 0, total: MB })
  showing.part({ id: 'bbb', status: 'Already exists', current: MB, total: MB })
  for (let tenth = 1; tenth <= 10; tenth++) showing.part(at(tenth / 10, 1, 'aaa'))
  showing.part({ id: 'aaa', status: 'Pull complete', current: MB, total: MB })
  showing.line('Digest: sha256:0')
  showing.end()
}

describe('where no terminal is', () => {
  it('a line for each status', () => {
    expect(written((fd) => play(showingFor({}, fd)))).toBe(
      'v1: Pulling from team/app\naaa: Pulling fs layer\nbbb: Already exists\naaa: Pull complete\nDigest: sha256:0\n',
    )
  })

  it('--quiet: nothing', () => {
    expect(written((fd) => play(showingFor({ quiet: true }, fd)))).toBe('')
  })

  it('--json: lines of it, of what grows the first, ten a second, and the last', () => {
    let now = 0
    const text = written((fd) => {
      const showing = jsonLines(fd, () => now)
      play({
        ...showing,
        part(part) {
          now += 40
          showing.part(part)
        },
      })
    })
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines[0]).toEqual({ status: 'v1: Pulling from team/app' })
    expect(lines[1]).toEqual({ status: 'Pulling fs layer', progressDetail: {}, id: 'aaa' })
    const grows = lines.filter(({ status }) => status === 'Downloading')
    expect(grows.map(({ progressDetail }) => progressDetail)).toEqual(
      [1, 4, 7, 10].map((tenth) => ({ current: tenth * 100_000, total: MB })),
    )
  })
})

describe('the drawing', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function drawn(size = { rows: 24, columns: 80 }) {
    const writes: string[] = []
    const showing = redrawnLines({ write: (text) => void writes.push(text), size: () => size })
    return { writes, showing }
  }

  it('at most ten times a second, the last state always, and leaves no timer', () => {
    const { writes, showing } = drawn()
    for (let step = 0; step < 1000; step++) {
      showing.part(at(step, 1000))
      vi.advanceTimersByTime(1)
    }
    expect(writes.length).toBeGreaterThan(5)
    expect(writes.length).toBeLessThanOrEqual(11)
    showing.part(at(1000, 1000))
    vi.advanceTimersByTime(100)
    expect(writes.at(-1)).toContain('1GB/1GB')
    showing.part({ id: 'a1b2c3d4e5f6', status: 'Pull complete' })
    showing.end()
    expect(writes.at(-1)).toContain('Pull complete')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('what fails while nobody waits is told with the next', () => {
    let works = true
    const showing = redrawnLines({
      write() {
        if (!works) throw new Error('gone')
      },
      size: () => ({ rows: 0, columns: 0 }),
    })
    showing.part(at(1, 9))
    showing.part(at(2, 9))
    works = false
    vi.advanceTimersByTime(100)
    expect(() => showing.part(at(3, 9))).toThrow('gone')
    expect(() => showing.end()).toThrow('gone')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('on a terminal', () => {
  let screen: Screen
  let fd: number
  beforeEach(async (context) => {
    needs(context, 'tmux')
    screen = new Screen(60, 8)
    // No prompt in between.
    screen.type('clear; exec sleep 1000')
    await screen.shows(/^\n*$/)
    fd = openSync(screen.device(), 'w')
  })
  afterEach(() => {
    closeSync(fd)
    screen.close()
  })

  const lines = (text: string) => text.trimEnd().split('\n')
  const ids = (count: number) => Array.from({ length: count }, (_, index) => `layer${index}`)

  it('each layer has its line; what is said stands above and below', async () => {
    const showing = linesOn(fd)
    play(showing)
    await screen.shows(/Digest/)
    expect(lines(screen.history())).toEqual([
      'v1: Pulling from team/app',
      'aaa: Pull complete',
      'bbb: Already exists',
      'Digest: sha256:0',
    ])
  })

  it('more than it has rows: the last ones; in the end all, each once', async () => {
    const showing = linesOn(fd)
    showing.line('begin')
    for (const id of ids(20)) showing.part({ id, status: 'Pulling fs layer' })
    await screen.shows(/layer19/)
    expect(lines(screen.text())).toEqual(
      ids(20)
        .slice(-7)
        .map((id) => `${id}: Pulling fs layer`),
    )
    for (const id of ids(20)) showing.part({ id, status: 'Pull complete' })
    showing.line('end')
    await screen.shows(/end/)
    expect(lines(screen.history())).toEqual(['begin', ...ids(20).map((id) => `${id}: Pull complete`), 'end'])
  })

  it('narrower, wider, lower, higher: one line for each layer', async () => {
    const showing = linesOn(fd)
    showing.line('begin')
    for (const [columns, rows] of [
      [60, 12],
      [30, 12],
      [60, 12],
      [99, 16],
      [40, 12],
      [31, 20],
    ] as const) {
      // Two changes without a drawing in between.
      screen.resize(columns + 7, rows)
      screen.resize(columns, rows)
      // tmux breaks the lines at once, and tells the kernel a while later.
      await vi.waitUntil(() => getWindowSize(fd).columns === columns && getWindowSize(fd).rows === rows)
      for (const id of ids(3)) showing.part(at(columns, 100, id))
      await screen.shows(new RegExp(`layer2: .*${columns}MB`))
      // tmux moves rows out at the top when lines break, even if there is room below: those nobody can erase.
      expect(lines(screen.text()).slice(-3)).toEqual(
        ids(3).map((id) => expect.stringMatching(`^${id}: .*${columns}MB`)),
      )
    }
    for (const id of ids(3)) showing.part({ id, status: 'Pull complete' })
    showing.line('end')
    await screen.shows(/end/)
    expect(lines(screen.history()).slice(-4)).toEqual([...ids(3).map((id) => `${id}: Pull complete`), 'end'])
  })
})
