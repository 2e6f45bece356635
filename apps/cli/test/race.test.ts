// requires root: compiled containers, started while their names are swapped; gcc, busybox, apps/cli/dist: sh tooling/bootstrap.sh cli
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, copyFileSync, lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { attacker, busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { CLI, NOBODY, rt } from './rt.js'

const STARTS = 300

beforeEach((context) => needs(context, 'root', 'gcc', 'busybox'))

function rootOf(owner: number): string {
  const root = busyboxRoot()
  // mkdtemp closes a folder to others.
  chmodSync(dirname(root), dirname(root) === tmpdir() ? 0o1777 : 0o711)
  for (const name of ['exchange-names', 'exchange-own-names', 'unprotected']) {
    copyFileSync(attacker(name), join(root, name))
  }
  for (const name of ['mnt', 'proc2']) mkdirSync(join(root, name))
  chownSync(root, owner, owner)
  return root
}

/** Options with which every attack must fail. */
const OPTIONS: readonly (readonly string[])[] = [[]]

describe.each(OPTIONS)('rt compile run, with options %j', (...options) => {
  it.each([
    ['a plain user who owns the directory', NOBODY],
    ['another container of the directory', 0],
  ])('%s swaps /proc', { timeout: 120_000 }, async (_, owner) => {
    const root = rootOf(owner)
    const file = join(temporaryFolder('raced'), 'container')
    const compiled = rt(['compile', 'run', ...options, root, '/unprotected', '-o', file])
    expect(compiled).toMatchObject({ status: 0, stderr: '' })
    const racer =
      owner === NOBODY
        ? spawn(join(root, 'exchange-names'), [root, 'proc', 'proc2', '0'], { uid: NOBODY, gid: NOBODY })
        : spawn(process.execPath, ['--', CLI, 'run', ...options, root, '/exchange-own-names', 'proc', 'proc2', '0'])
    const said = racer.stderr.toArray()
    try {
      await Promise.race([once(racer.stdout, 'data'), once(racer, 'exit')])
      expect(racer.exitCode, String(racer.exitCode === null ? '' : await said)).toBe(null)
      const ends = new Map<number | null, number>()
      const meanings = new Set<number>()
      for (let i = 0; i < STARTS; i++) {
        const { status } = spawnSync(file, { stdio: 'ignore' })
        ends.set(status, (ends.get(status) ?? 0) + 1)
        meanings.add(lstatSync(join(root, 'proc')).ino)
      }
      // 125: it did not start.
      expect([...ends.keys()].filter((status) => status !== 0 && status !== 125)).toEqual([])
      expect(ends.get(0)).toBeGreaterThan(0)
      expect(meanings.size).toBe(2)
    } finally {
      racer.kill('SIGKILL')
      await once(racer, 'close')
    }
  })
})
