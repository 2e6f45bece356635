// requires root: real mounts on a shared mount of the test's own, busybox

import { mkdirSync } from 'node:fs'
import { exec, hostRoot } from '@rt/chroot'
import type { Propagation } from '@rt/mountns'
import {
  bind,
  fileMounts,
  namespaces,
  overlayTree,
  PROPAGATION,
  parseMountinfo,
  rootPropagation,
  tmpfs,
} from '@rt/mountns'
import { call, type Step, type StepList, sequence } from '@rt/program'
import { MNT_DETACH, MS_PRIVATE, MS_SHARED, syscall } from '@rt/sys'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { mountsOfHost, runInMountNamespace, runPlan, shell, tinyRoot } from './inside.js'

let shared: string
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  shared = temporaryFolder('shared')
  syscall('mount', 'tmpfs', shared, 'tmpfs', 0, null)
  syscall('mount', null, shared, null, MS_PRIVATE, null)
  syscall('mount', null, shared, null, MS_SHARED, null)
  mkdirSync(`${shared}/sub`)
})
afterEach(() => {
  if (shared) syscall('umount2', shared, MNT_DETACH)
})

const seenOnHost = () => mountsOfHost().filter(({ mountPoint }) => mountPoint.startsWith(`${shared}/`))

/** Mounts a tmpfs below a bind of the shared directory, and looks at the host meanwhile. */
async function mountBelow(options: readonly string[]) {
  const mounts = [bind({ source: shared, destination: '/s', options }), tmpfs({ destination: '/s/sub' })]
  // The container waits for a mount to appear outside, or for its stdin to end.
  const plan = { tree: tinyRoot(), mounts }
  const before = seenOnHost().length
  const { exit } = await shell(plan, 'true')
  return { exit, before }
}

it('what is mounted below a bind of a shared directory does not show on the host', async () => {
  const seen: number[] = []
  const watch = setInterval(() => seen.push(seenOnHost().length), 1)
  const { exit } = await mountBelow([])
  clearInterval(watch)
  expect(exit).toEqual({ code: 0 })
  expect(Math.max(0, ...seen)).toBe(0)
  expect(seenOnHost()).toEqual([])
})

it.each<[string, string[], (propagation: readonly string[]) => boolean]>([
  ['private', [], (words) => words.length === 0],
  ['rslave', ['rslave'], ([word]) => word?.startsWith('master:') === true],
  ['slave', ['slave'], ([word]) => word?.startsWith('master:') === true],
  ['rshared', ['rshared'], ([word]) => word?.startsWith('shared:') === true],
  ['unbindable', ['runbindable'], ([word]) => word === 'unbindable'],
])('a bind can be %s', async (_, options, matches) => {
  const mounts = bind({ source: shared, destination: '/s', options: [...options, 'ro'] })
  const { stdout } = await shell(
    { tree: tinyRoot(), mounts: [bind({ source: '/proc', destination: '/proc' }), mounts] },
    'grep " /s " /proc/self/mountinfo',
  )
  const [, , , , , attributes, ...rest] = stdout.split(' ')
  expect(attributes).toBe('ro,relatime')
  expect(matches(rest.slice(0, rest.indexOf('-')))).toBe(true)
})

/** What mountinfo says of a mount that was shared outside, without the number of its group. */
const BOUND: Readonly<Record<Propagation, string>> = {
  private: '',
  rprivate: '',
  slave: 'master',
  rslave: 'master',
  shared: 'shared',
  rshared: 'shared',
  unbindable: 'unbindable',
  runbindable: 'unbindable',
}
const WORDS = Object.keys(PROPAGATION) as Propagation[]

/** The kinds of propagation of these mount points, from what `cat /proc/self/mountinfo` has printed. */
const kindsOf = (mountinfo: string, ...places: string[]): (string | undefined)[] => {
  const mounts = parseMountinfo(Buffer.from(mountinfo))
  return places.map((place) => {
    const found = mounts.find(({ mountPoint }) => mountPoint === place)
    return found?.propagation.map((field) => field.replace(/:.*/, '')).join()
  })
}

it.each(WORDS)('%s: a bind, and what is mounted below it outside', async (word) => {
  syscall('mount', 'tmpfs', `${shared}/sub`, 'tmpfs', 0, null)
  const mounts = [
    bind({ source: '/proc', destination: '/proc' }),
    bind({ source: shared, destination: '/s', options: ['rbind', word] }),
  ]
  const { stdout } = await shell({ tree: tinyRoot(), mounts }, 'cat /proc/self/mountinfo')
  syscall('umount2', `${shared}/sub`, MNT_DETACH)
  // What is below was shared, too. Without an r the word still includes it: it would stay a peer of the host's mount.
  expect(kindsOf(stdout, '/s', '/s/sub')).toEqual([BOUND[word], BOUND[word]])
})

it.each(WORDS)('%s: the root itself, and what is mounted on it', async (word) => {
  // It begins as what it doesn't become.
  const before = BOUND[word] === 'shared' ? 'rprivate' : 'rshared'
  const { stdout } = await shell(
    {
      tree: tinyRoot(),
      mounts: bind({ source: '/proc', destination: '/proc' }),
      after: [rootPropagation(before), { ...rootPropagation(word), name: word }],
    },
    'cat /proc/self/mountinfo',
  )
  // Without a peer there is no master either.
  const kind = BOUND[word] === 'master' ? '' : BOUND[word]
  expect(kindsOf(stdout, '/', '/proc')).toEqual([kind, PROPAGATION[word].recursive ? kind : BOUND[before]])
})

it('rshared: what the container mounts shows on the host, as asked', async () => {
  await mountBelow(['rshared'])
  expect(seenOnHost().map(({ type }) => type)).toEqual(['tmpfs'])
  syscall('umount2', `${shared}/sub`, MNT_DETACH)
})

const below = (propagation?: Propagation) =>
  runPlan(
    sequence(
      namespaces({ mount: true, ...(propagation ? { propagation } : {}) }),
      hostRoot(),
      tmpfs({ destination: `${shared}/sub` }),
      exec(['/usr/bin/busybox', 'true'], { env: [] }),
    ),
  )

it('the tree that a mount namespace begins with is private, unless asked otherwise', async () => {
  await below()
  expect(seenOnHost()).toEqual([])
  await below('rslave')
  expect(seenOnHost()).toEqual([])
  await below('rshared')
  expect(seenOnHost()).toHaveLength(1)
  syscall('umount2', `${shared}/sub`, MNT_DETACH)
})

it('a shared tree does not show the new root on the host, nor unmount anything there', async () => {
  const before = mountsOfHost()
  const plan = { tree: tinyRoot(), namespaces: { mount: true, propagation: 'rshared' as const } }
  expect((await shell(plan, 'true')).exit).toEqual({ code: 0 })
  const paths = (mounts: typeof before) => mounts.map(({ mountPoint }) => mountPoint)
  expect(paths(mountsOfHost())).toEqual(paths(before))
})

it.each<[string, StepList]>([
  ['the stage of an overlay', overlayTree({ lower: ['/etc'] })],
  ['files with content', [hostRoot(), fileMounts([{ destination: '/etc/hosts', content: 'x' }])]],
])('%s, attached for a while, is seen on no shared tree', (_, steps) => {
  // Init dies while it is attached: what was seen outside would stay there.
  const ends = exec(['/usr/bin/busybox', 'true'], { env: [] })
  const dies = sequence(namespaces({ mount: true, propagation: 'rshared' }), steps, ends).steps.map((step): Step => {
    const at = step['init.mount']?.findIndex((each) => each.kind === 'call' && each.call === 'fchdir') ?? -1
    return at < 0 ? step : { ...step, 'init.mount': step['init.mount']?.toSpliced(at, 0, call('close', [-1])) ?? [] }
  })
  const seen =
    'before=$(cat /proc/self/mountinfo); "$0"; echo $?; test "$before" = "$(cat /proc/self/mountinfo)"; echo $?'
  // Private first: nothing of this is the host's.
  const { stdout } = runInMountNamespace(
    { steps: dies, opens: 'supervisor' },
    `mount --make-rshared / && ${seen}; exit`,
  )
  expect(stdout).toBe('125\n0\n')
})

it('the container’s root can be shared after all', async () => {
  const { stdout } = await shell(
    { tree: tinyRoot(), mounts: bind({ source: '/proc', destination: '/proc' }), after: rootPropagation('rshared') },
    'grep " / " /proc/self/mountinfo',
  )
  expect(stdout).toContain('shared:')
})
