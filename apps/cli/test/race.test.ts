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

/** Options with which every attack must fail: the filter must hide no hole. */
const OPTIONS: readonly { readonly options: readonly string[] }[] = [
  { options: [] },
  { options: ['--security-opt', 'seccomp=unconfined'] },
]

const rtRun = (...args: string[]): [string, string[]] => [process.execPath, ['--', CLI, 'run', ...args]]

/** Who swaps: a command line, and as whom it runs. */
interface Racer {
  readonly owner: number
  command(root: string, options: readonly string[]): [program: string, args: string[]]
}

const RACERS: Readonly<Record<string, Racer>> = {
  'a plain user who owns the directory': {
    owner: NOBODY,
    command: (root) => [join(root, 'exchange-names'), [root, 'proc', 'proc2', '0']],
  },
  // As CVE-2021-30465: no call that a filter forbids is needed. Its own root is another one: it has no mount point there.
  'a container that has the directory as a volume': {
    owner: 0,
    command: (root, options) =>
      rtRun(...options, '-v', `${root}:/mnt`, rootOf(0), '/exchange-names', '/mnt', 'proc', 'proc2', '0'),
  },
  // It needs a mount namespace of its own, which the default filter denies (below).
  'another container of the directory': {
    owner: 0,
    command: (root) => rtRun('--security-opt', 'seccomp=unconfined', root, '/exchange-own-names', 'proc', 'proc2', '0'),
  },
}

describe.each(OPTIONS)('rt compile run, with $options', ({ options }) => {
  it.each(Object.entries(RACERS))('%s swaps /proc', { timeout: 120_000 }, async (_, { owner, command }) => {
    const root = rootOf(owner)
    const file = join(temporaryFolder('raced'), 'container')
    const compiled = rt(['compile', 'run', ...options, root, '/unprotected', '-o', file])
    expect(compiled).toMatchObject({ status: 0, stderr: '' })
    const [program, args] = command(root, options)
    const racer = spawn(program, args, { uid: owner, gid: owner, stdio: ['ignore', 'pipe', 'pipe'] })
    const closed = once(racer, 'close')
    const said = racer.stderr.toArray()
    try {
      await Promise.race([once(racer.stdout, 'data'), closed])
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
      await closed
    }
  })
})

it('a container with the default filter can’t get its own mount points out of the way', () => {
  const { status, stdout, stderr } = rt(['run', rootOf(0), '/exchange-own-names', 'proc', 'proc2', '1'])
  expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: 'unshare: Operation not permitted\n' })
})
