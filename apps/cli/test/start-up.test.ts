// requires root; apps/cli/dist: sh tooling/bootstrap.sh cli
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { CLI } from './rt.js'

/** Each takes from 0.5 to 5 ms to load, and a container that inherits its streams needs none of them. */
const NEEDLESS = [
  ...[
    'child_process',
    'crypto',
    'dns',
    'fs/promises',
    'module',
    'net',
    'os',
    'stream',
    'tty',
    'worker_threads',
    'zlib',
  ],
]

it('rt run loads no module of Node’s that it has no use for', (context) => {
  needs(context, 'root', 'busybox')
  const hook = join(temporaryFolder('start-up'), 'loaded.cjs')
  // As a program of its own it tells what Node loads by itself.
  writeFileSync(hook, "process.on('exit', () => console.log(JSON.stringify(process.moduleLoadList)))")
  const { stdout, status } = spawnSync(process.execPath, ['-r', hook, CLI, 'run', busyboxRoot(), 'true'], {
    encoding: 'utf8',
  })
  expect(status).toBe(0)
  const loaded = (JSON.parse(stdout) as string[]).map((name) => name.replace(/^NativeModule /, ''))
  expect(loaded).toContain('fs')
  const { stdout: alone } = spawnSync(process.execPath, [hook], { encoding: 'utf8' })
  expect(NEEDLESS.filter((name) => loaded.includes(name) && !alone.includes(`"NativeModule ${name}"`))).toEqual([])
})
