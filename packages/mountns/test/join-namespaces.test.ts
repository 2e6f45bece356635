// requires root for new namespaces: some are joined by path, others made, in every combination
import { readlinkSync } from 'node:fs'
import { closeDescriptors, exec } from '@rt/chroot'
import { type Container, type Plan, run, sequence } from '@rt/program'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { joinNamespaces, type NamespaceOptions, type NamespacePaths, namespaces } from '../src/index.js'

const FILES = {
  user: 'user',
  mount: 'mnt',
  pid: 'pid',
  net: 'net',
  ipc: 'ipc',
  uts: 'uts',
  cgroup: 'cgroup',
  time: 'time',
} as const
type Kind = keyof typeof FILES
const KINDS = Object.keys(FILES) as Kind[]
const MADE = ['mount', 'pid', 'net', 'ipc', 'uts', 'cgroup', 'time'] as const

const of = (pid: number | 'self', kind: Kind): string => readlinkSync(`/proc/${pid}/ns/${FILES[kind]}`)
const pathOf = (pid: number, kind: Kind): string => `/proc/${pid}/ns/${FILES[kind]}`

const sleeping = (...steps: Parameters<typeof sequence>): Plan =>
  sequence(steps, closeDescriptors(), exec(['/bin/sleep', '600'], { env: [], descriptorsClosed: true }))

describe.skipIf(process.getuid?.() !== 0)('namespaces by path (skipped without root: new namespaces)', () => {
  let target: Container
  beforeAll(async () => {
    const user = { how: 'supervisor', uidMap: [map], gidMap: [map] } as const
    target = await run(
      sleeping(namespaces({ mount: true, pid: true, net: true, ipc: true, uts: true, cgroup: true, time: true, user })),
      { stdio: 'null' },
    )
  })
  afterAll(async () => {
    target?.kill()
    await target?.exited
  })
  const map = { containerID: 0, hostID: 100_000, size: 1000 }

  /** Joined, made, or the host's: what each kind of the new container is. */
  async function seen(joined: readonly Kind[], made: readonly (typeof MADE)[number][]) {
    const paths = Object.fromEntries(joined.map((kind) => [kind, pathOf(target.pid, kind)])) as NamespacePaths
    const options = Object.fromEntries(made.map((kind) => [kind, true])) as NamespaceOptions
    const container = await run(sleeping(joinNamespaces(paths), made.length > 0 && namespaces(options)), {
      stdio: 'null',
    })
    try {
      return Object.fromEntries(
        KINDS.map((kind) => {
          const own = of(container.pid, kind)
          return [kind, own === of(target.pid, kind) ? 'joined' : own === of('self', kind) ? 'host' : 'made']
        }),
      )
    } finally {
      container.kill()
      await container.exited
    }
  }
  const expected = (joined: readonly Kind[], made: readonly Kind[]) =>
    Object.fromEntries(
      KINDS.map((kind) => [kind, joined.includes(kind) ? 'joined' : made.includes(kind) ? 'made' : 'host']),
    )

  it.each(KINDS)('%s alone', async (kind) => {
    expect(await seen([kind], [])).toEqual(expected([kind], []))
  })

  it.each(KINDS)('%s, and all others made', async (kind) => {
    const made = MADE.filter((each) => each !== kind)
    expect(await seen([kind], made)).toEqual(expected([kind], made))
  })

  it.each(MADE)('%s made, and all others joined', async (kind) => {
    const joined = KINDS.filter((each) => each !== kind)
    expect(await seen(joined, [kind])).toEqual(expected(joined, [kind]))
  })

  it('all of them', async () => {
    expect(await seen(KINDS, [])).toEqual(expected(KINDS, []))
  })

  it('nothing of it changes the host, whose mounts are made private in the new namespace alone', async () => {
    const before = of('self', 'mount')
    await seen(['net'], ['mount'])
    expect(of('self', 'mount')).toBe(before)
  })

  it.each(KINDS)('%s: another kind, or no namespace at all, is refused by its path', async (kind) => {
    const other = kind === 'uts' ? 'ipc' : 'uts'
    for (const path of [pathOf(target.pid, other), '/etc/hostname']) {
      const plan = sleeping(joinNamespaces({ [kind]: path, origin: 'linux.namespaces' }))
      await expect(run(plan, { stdio: 'null' })).rejects.toMatchObject({
        step: 'join namespaces',
        origin: 'linux.namespaces',
        code: 'RT_INVALID_OPTION',
        message: `"${path}" is no ${kind} namespace`,
      })
    }
  })

  it('one that is gone is told', async () => {
    await expect(run(sleeping(joinNamespaces({ net: '/proc/4194304/ns/net' })))).rejects.toMatchObject({
      code: 'ENOENT',
      hint: expect.stringContaining('as long as a process in it'),
    })
  })
})

it('a path that is not absolute is refused, and none at all', () => {
  expect(() => joinNamespaces({ net: 'ns/net' })).toThrow('"ns/net" is no absolute path')
  expect(() => joinNamespaces({})).toThrow('none is named')
})
