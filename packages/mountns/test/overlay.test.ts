// requires root: real overlays, busybox

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultMounts, diffMountinfo, overlay, overlayTree } from '@rt/mountns'
import { close, fsconfigString, fsopen, type SyscallError } from '@rt/sys'
import { beforeEach, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { mountsInside, mountsOfHost, shell, tinyRoot } from './inside.js'

beforeEach((context) => needs(context, 'root', 'busybox'))

/** A layer with one file. */
function layer(name: string, content = name): string {
  const folder = temporaryFolder('layer')
  writeFileSync(join(folder, name), content)
  return folder
}

it('changes stay in memory', async () => {
  const root = tinyRoot()
  const before = mountsOfHost()
  const command = 'echo changed > /etc/hosts; rm -r /tmp; mkdir /tmp /new; cat /etc/hosts; ls -d /tmp /new'
  const { stdout } = await shell({ tree: overlayTree({ lower: [root] }) }, command)
  expect(stdout).toBe('changed\n/new\n/tmp\n')
  expect(readFileSync(`${root}/etc/hosts`, 'utf8')).toBe('127.0.0.1\tlocalhost\n')
  expect(existsSync(`${root}/new`)).toBe(false)
  expect(diffMountinfo(before, mountsOfHost())).toEqual({ added: [], removed: [], changed: [] })
})

it('the topmost layer is the first', async () => {
  const lower = [layer('file', 'top'), layer('file', 'bottom'), tinyRoot()]
  expect((await shell({ tree: overlayTree({ lower }) }, 'cat /file')).stdout).toBe('top')
})

/** Whether this kernel's overlay has `lowerdir+`. */
function takesLayersOneByOne(): boolean {
  const context = fsopen('overlay')
  try {
    fsconfigString(context, 'lowerdir+', '/')
    return true
  } catch (error) {
    if ((error as SyscallError).code !== 'EINVAL') throw error
    return false
  } finally {
    close(context)
  }
}

/** Layers with a file each, above a root. */
const many = (count: number): string[] => [
  ...Array.from({ length: count - 1 }, (_, index) => layer(`file${index}`)),
  tinyRoot(),
]

it('128 layers fit one string, on every kernel', async () => {
  const tree = overlayTree({ lower: many(128) })
  expect((await shell({ tree }, 'ls / | grep -c file')).stdout).toBe('127\n')
  expect(JSON.stringify(tree['init.mount'])).not.toContain('lowerdir+')
})

it.for([129, 130, 500])('%i layers are given one by one', async (count, context) => {
  if (!takesLayersOneByOne()) context.skip('needs overlay’s lowerdir+ (Linux 6.8)')
  const lower = many(count)
  const { stdout, stderr } = await shell({ tree: overlayTree({ lower }) }, 'ls / | grep -c file')
  expect({ stdout, stderr }).toEqual({ stdout: `${count - 1}\n`, stderr: '' })
  // With an upper directory of the host there is one mount point more.
  const folder = temporaryFolder('upper')
  const [upperdir, workdir] = [`${folder}/upper`, `${folder}/work`]
  mkdirSync(upperdir)
  mkdirSync(workdir)
  await shell({ tree: overlayTree({ lower, upper: { upperdir, workdir } }) }, 'echo kept > /kept')
  expect(readdirSync(upperdir)).toEqual(['kept'])
})

it('501 are refused: the kernel stacks 500', () => {
  expect(() => overlayTree({ lower: Array.from({ length: 501 }, () => '/x'), origin: 'SOURCE' })).toThrow(
    expect.objectContaining({
      origin: 'SOURCE',
      complaints: [{ path: 'lower', message: 'expected 1 to 500 directories, got 501' }],
    }),
  )
})

it('names that overlay gives a meaning, and long ones, are just names', async () => {
  const folder = `${temporaryFolder('odd')}/a:b,c\\d="e"\n${'f'.repeat(200)}/${'g'.repeat(250)}`
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/odd`, 'odd\n')
  expect((await shell({ tree: overlayTree({ lower: [folder, tinyRoot()] }) }, 'cat /odd')).stdout).toBe('odd\n')
})

it('the container’s table tells nothing of the host’s directories', async () => {
  const inside = await mountsInside({ tree: overlayTree({ lower: [tinyRoot()] }), mounts: defaultMounts() })
  const root = inside.find(({ mountPoint }) => mountPoint === '/')
  expect(root).toMatchObject({ type: 'overlay', source: 'overlay' })
  expect(root?.superOptions).toEqual(expect.arrayContaining(['lowerdir=a', 'upperdir=upper', 'workdir=work']))
})

it('a given upper directory keeps the changes', async () => {
  const folder = temporaryFolder('upper')
  const [upperdir, workdir] = [`${folder}/upper:1,\\2`, `${folder}/work`]
  mkdirSync(upperdir)
  mkdirSync(workdir)
  const tree = overlayTree({ lower: [tinyRoot()], upper: { upperdir, workdir } })
  await shell({ tree }, 'echo kept > /kept')
  expect(readdirSync(upperdir)).toEqual(['kept'])
  expect((await shell({ tree }, 'cat /kept')).stdout).toBe('kept\n')
})

it('the size of changes can be limited', async () => {
  const tree = overlayTree({ lower: [tinyRoot()], size: '64k' })
  const { stdout, stderr } = await shell({ tree }, 'cat /bin/busybox > /x; stat -c %s /x')
  expect(stdout).toBe('65536\n')
  expect(stderr).toContain('No space left on device')
})

it('without an upper layer it is read-only', async () => {
  const tree = overlayTree({ lower: [layer('file'), tinyRoot()], upper: 'none' })
  const { stderr } = await shell({ tree }, 'touch /x')
  expect(stderr).toContain('Read-only file system')
})

it('the host’s root is a layer though much is mounted below it', async () => {
  const { stdout } = await shell(
    { tree: overlayTree({ lower: ['/'] }), mounts: defaultMounts() },
    'test -e /etc/passwd && touch /etc/rt-made && echo made; ls /run | wc -l',
  )
  expect(stdout).toMatch(/^made\n/)
  expect(existsSync('/etc/rt-made')).toBe(false)
})

it('an overlay can be mounted below the root too', async () => {
  const [one, two] = [layer('one'), layer('two')]
  const mounts = overlay({ destination: '/over', lower: [one, two], options: ['noexec'] })
  const { stdout } = await shell({ tree: tinyRoot(), mounts }, 'ls /over; touch /over/three; ls /over')
  expect(stdout).toBe('one\ntwo\none\nthree\ntwo\n')
  expect(readdirSync(one)).toEqual(['one'])
})

it('all that is wrong is said at once', () => {
  const wrong = {
    destination: 'over',
    lower: ['relative', '/x\0'],
    upper: { upperdir: 'u', workdir: '/w' },
    options: ['x=1'],
  }
  try {
    overlay({ ...wrong, index: 2 })
    expect.unreachable()
  } catch (error) {
    expect((error as { complaints: { path: string }[] }).complaints.map(({ path }) => path)).toEqual([
      'mounts[2].destination',
      'lower[0]',
      'lower[1]',
      'upper.upperdir',
      'mounts[2].options',
    ])
  }
})
