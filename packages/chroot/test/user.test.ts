// requires root, busybox
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { call, type Step, type StepList } from '@rt/program'
import { CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { resolveUser, root, user } from '../src/index.js'
import { contained } from './contained.js'
import { namespaces, proc, tree } from './steps.js'

let directory: string
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  directory ??= busyboxRoot()
})
/** The ids of a contained process: real, effective, saved, file system. */
async function ids(around: StepList, step: StepList) {
  const { stdout } = await contained([around, root(tree(directory), proc()), step], ['cat', '/proc/self/status'])
  const field = (name: string) =>
    new RegExp(`^${name}:[\\t ]*(.*)$`, 'm').exec(stdout)?.[1]?.split(/\s+/).filter(Boolean)
  return { uid: field('Uid'), gid: field('Gid'), groups: field('Groups') }
}
const all = (id: number) => Array(4).fill(String(id))

describe('user', () => {
  it.each(['0', 'user', '1000:44', '4711', 'nobody:daemon', '4294967294:4294967294'])(
    '%s, resolved in the root',
    async (spec) => {
      const fd = openSync(directory, 'r')
      const identity = resolveUser(fd, spec)
      closeSync(fd)
      const found = await ids(namespaces(), user(identity))
      expect(found.uid).toEqual(all(identity.uid))
      expect(found.gid).toEqual(all(identity.gid))
      expect(found.groups?.sort()).toEqual(identity.groups.map(String).sort())
    },
  )

  it('no groups at all, though the caller has some', async () => {
    const caller: Step = {
      name: 'caller',
      why: 'test',
      'host.prepare': [call('setgroups', [2, new Uint8Array([7, 0, 0, 0, 8, 0, 0, 0])])],
    }
    expect((await ids([caller, namespaces()], [])).groups).toEqual(['7', '8'])
    expect((await ids([caller, namespaces()], user({ uid: 5, gid: 6, groups: [] }))).groups).toEqual([])
  })

  const denied = (setgroups: 'allow' | 'deny'): Step => ({
    name: 'user namespace',
    why: 'test',
    clone: CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID,
    meets: [
      {
        at: 'init.enter',
        node: {
          why: 'the maps',
          act: ({ pid }) => {
            writeFileSync(`/proc/${pid}/setgroups`, setgroups)
            writeFileSync(`/proc/${pid}/uid_map`, '0 100000 2000')
            writeFileSync(`/proc/${pid}/gid_map`, '0 100000 2000')
          },
        },
      },
    ],
    // Root of the namespace: the ids of the process have no mapping yet, and then mounting needs one.
    'init.enter': [call('setresgid', [0, 0, 0]), call('setresuid', [0, 0, 0])],
  })

  it('in a user namespace, by its maps', async () => {
    expect(await ids(denied('allow'), user({ uid: 1000, gid: 1001, groups: [1001, 44] }))).toEqual({
      uid: all(1000),
      gid: all(1001),
      groups: ['44', '1001'],
    })
  })

  it('where setgroups is denied: said, with the remedy, which works', async () => {
    const identity = { uid: 1000, gid: 1000, groups: [] }
    await expect(ids(denied('deny'), user(identity, { origin: '--user' }))).rejects.toMatchObject({
      step: 'user',
      origin: '--user',
      syscall: 'setgroups',
      code: 'EPERM',
      hint: expect.stringContaining('keepGroups'),
    })
    expect((await ids(denied('deny'), user(identity, { keepGroups: true }))).uid).toEqual(all(1000))
  })

  it('an id without a mapping: said', async () => {
    await expect(ids(denied('allow'), user({ uid: 2000, gid: 0, groups: [] }))).rejects.toMatchObject({
      syscall: 'setresuid',
      code: 'EINVAL',
      hint: expect.stringContaining('no mapping'),
    })
  })
})
