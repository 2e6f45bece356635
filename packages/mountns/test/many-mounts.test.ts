// requires root: a thousand real mounts, busybox

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { bind, diffMountinfo, directoryTree, fileLimit, tmpfs } from '@rt/mountns'
import { compile } from '@rt/program'
import { beforeEach, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { mountsOfHost, shellPlan, tinyRoot } from './inside.js'

beforeEach((context) => needs(context, 'root', 'busybox'))

const COUNT = 1000
const binds = () =>
  Array.from({ length: COUNT }, (_, index) => bind({ source: '/etc', destination: `/m/${index}`, index }))

it('a thousand binds work under a soft limit of 1024 open files, which the container still has', () => {
  const before = mountsOfHost()
  const proc = bind({ source: '/proc', destination: '/proc' })
  const plan = shellPlan(
    { tree: directoryTree(tinyRoot()), mounts: [proc, binds(), tmpfs({ destination: '/last' }), fileLimit(COUNT)] },
    'grep -c " /m/" /proc/self/mountinfo; ulimit -Sn; ls /proc/self/fd | wc -l',
  )
  const file = `${temporaryFolder('many')}/container`
  writeFileSync(file, compile(plan), { mode: 0o755 })
  const { stdout, stderr, status } = spawnSync('sh', ['-c', 'ulimit -Sn 1024 && exec "$0"', file], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout).toBe(`${COUNT}\n1024\n4\n`)
  expect(status).toBe(0)
  expect(diffMountinfo(before, mountsOfHost())).toEqual({ added: [], removed: [], changed: [] })
})

it('the limit is left alone where it is not needed', () => {
  expect(fileLimit(900)).toBeNull()
})
