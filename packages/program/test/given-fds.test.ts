// requires root: a container is made
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'rt-given-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The numbers that a container's own fds and news may get, and some above. */
const NUMBERS = Array.from({ length: 22 }, (_, i) => 3 + i)

it.skipIf(process.getuid?.() !== 0)(
  'each stream is the fd that was given for it, whatever its number, and though the others want that number',
  () => {
    const files = NUMBERS.map((fd) => {
      const file = join(folder, String(fd))
      writeFileSync(file, '')
      return openSync(file, 'r+')
    })
    // A Node that was started with these very fds: here the low ones are Vitest's.
    const script = `
      import { closeSync } from 'node:fs'
      import { run } from '@rt/program'
      import { shell } from '${new URL('./plans.ts', import.meta.url).pathname}'
      const names = 'exec 9>&1; readlink /proc/self/fd/0 /proc/self/fd/9 /proc/self/fd/2 >> ${folder}/seen'
      const numbers = ${JSON.stringify(NUMBERS)}
      for (const [i, fd] of numbers.entries()) {
        const other = numbers[(i + 1) % numbers.length]
        const third = numbers[(i + 2) % numbers.length]
        await (await run(shell(names), { stdio: [fd, other, third] })).exited
      }
      // Now what run() opens for itself has a number that another of its own is to have in the container.
      for (const free of [[3], [4], [5, 6]]) {
        free.forEach(closeSync)
        const container = await run(shell(names), { stdio: [20, 21, 22] })
        // Known from the log: were that another's, the container would run, and nobody know of it.
        if (container.pid <= 0) throw new Error('no log')
        await container.exited
      }
      await (await run(shell(names), { stdio: [2, 0, 1] })).exited
    `
    const root = new URL('../../..', import.meta.url).pathname
    const { stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: root,
      env: { ...process.env, TSX_TSCONFIG_PATH: `${root}/tsconfig.json` },
      stdio: [openSync(join(folder, 'in'), 'w'), openSync(join(folder, 'out'), 'w'), 'pipe', ...files],
      timeout: 20_000,
    })
    for (const fd of files) closeSync(fd)
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    const turned = (i: number) => join(folder, String(NUMBERS[i % NUMBERS.length]))
    const expected = NUMBERS.flatMap((_, i) => [turned(i), turned(i + 1), turned(i + 2)])
    for (let i = 0; i < 3; i++) expected.push(...['20', '21', '22'].map((file) => join(folder, file)))
    const seen = readFileSync(join(folder, 'seen'), 'utf8').trimEnd().split('\n')
    expect(seen.slice(0, -3)).toEqual(expected)
    expect(seen.slice(-3)).toEqual([expect.stringMatching(/^(pipe|socket):/), join(folder, 'in'), join(folder, 'out')])
  },
)
