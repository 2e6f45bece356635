// requires root, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { DEFAULT_CAPABILITIES } from '@rt/chroot'
import { DEFAULT_PROFILE, judge } from '@rt/seccomp'
import { hostArch, isSyscallName } from '@rt/sys'
import { beforeEach, expect, it } from 'vitest'
import { outerFilterHint } from '../../../packages/sys/src/outer-filter.js'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { CLI, rt } from './rt.js'

let root: string
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  root = busyboxRoot()
})

it('a call of rt’s that a default container’s filter refuses has a hint about that filter', () => {
  const plans = [[], ['--userns', 'self'], ['-m', '64m', '--hostname', 'h', '--init', '--cpus', '1'], ['--privileged']]
  const called = new Set(
    plans.flatMap((options) => {
      const { status, stdout, stderr } = rt(['explain', '--json', 'run', ...options, root, 'true'])
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      return [...stdout.matchAll(/"call": "(\w+)\(/g)].map(([, name = '']) => name).filter(isSyscallName)
    }),
  )
  // clone's verdict depends on its flags.
  const situation = { arch: hostArch(), capabilities: DEFAULT_CAPABILITIES }
  const args = [0x7e020000]
  const refused = [...called].filter(
    (name) => judge(DEFAULT_PROFILE, { name, args }, situation).verdict === 'ERRNO(EPERM)',
  )
  expect(refused).toEqual(expect.arrayContaining(['clone', 'mount_setattr', 'move_mount', 'open_tree', 'pivot_root']))
  expect(refused.filter((name) => !outerFilterHint(name, 'EPERM', () => true))).toEqual([])
})

it.each<[string, string[]]>([
  ['a default container', []],
  ['a container with all capabilities', ['--cap-add', 'ALL']],
])('rt in %s tells of the filter and what to do', (_, options) => {
  const { status, stderr } = rt(['run', ...options, '--', process.execPath, CLI, 'run', root, 'true'])
  expect(status).toBe(125)
  expect(stderr).toMatch(
    /hint: .*seccomp filter.* may forbid (open_tree|pivot_root): .*--security-opt seccomp=unconfined/,
  )
})
