// requires root, busybox, and a host whose root was mounted over its initramfs (not an outer container)
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { branch, buffer, call, fail, label, ref, type Step } from '@rt/program'
import {
  AT_FDCWD,
  AT_RECURSIVE,
  AT_REMOVEDIR,
  CLONE_NEWNS,
  MNT_DETACH,
  MS_PRIVATE,
  MS_REC,
  O_CLOEXEC,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  RAMFS_MAGIC,
  RtError,
  TMPFS_MAGIC,
} from '@rt/sys'
import { beforeEach, expect, it, type TestContext } from 'vitest'
import { busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { type RootChange, root } from '../src/index.js'
import { contained } from './contained.js'
import { namespaces, proc } from './steps.js'
import { walkOutOfChroot } from './walk-out-of-chroot.js'

let directory: string
const canary = join(temporaryFolder('canary'), 'canary')
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  directory ??= busyboxRoot()
  writeFileSync(canary, 'the host')
})

/**
 * A host that never left its initramfs: in a mount namespace of the supervisor's own, what covers the initramfs is taken
 * away, and setns to the same namespace puts the root on what is left.
 */
const initramfs = (): Step => ({
  name: 'initramfs',
  why: 'test',
  'host.prepare': [
    call('open_tree', [AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE], { save: '$tree' }),
    call('unshare', [CLONE_NEWNS]),
    call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    call('openat', [AT_FDCWD, '/proc/self/ns/mnt', O_CLOEXEC], { save: 'namespace' }),
    call('umount2', ['/', MNT_DETACH]),
    call('setns', [ref('namespace'), CLONE_NEWNS]),
    call('statfs', ['/', buffer('statfs', 120)]),
    branch(ref('statfs'), RAMFS_MAGIC, { then: 'it is' }),
    branch(ref('statfs'), TMPFS_MAGIC, { then: 'it is' }),
    fail('the root lies on no initramfs'),
    label('it is'),
    // The kernel's own has no /proc to be a scratch mount point.
    call('mkdirat', [AT_FDCWD, '/proc', 0o555], { tolerate: ['EEXIST'] }),
  ],
  'host.gone': [call('unlinkat', [AT_FDCWD, '/proc', AT_REMOVEDIR])],
})

async function onInitramfs(context: TestContext, change: RootChange, argv: readonly string[], ...more: Step[]) {
  try {
    return await contained([initramfs(), namespaces(), root([], proc(), { change }), more], argv)
  } catch (error) {
    if (RtError.isInstance(error) && error.step === 'initramfs') context.skip('the host’s root lies on no initramfs')
    throw error
  }
}

it('pivot_root is refused, and the error says what to choose', async (context) => {
  await expect(onInitramfs(context, 'pivot_root', ['true'])).rejects.toMatchObject({
    step: 'pivot_root',
    syscall: 'pivot_root',
    code: 'EINVAL',
    hint: expect.stringContaining('{ change: "move" }'),
  })
})

it('move works: the tree is the root, with its mounts', async (context) => {
  const { stdout } = await onInitramfs(context, 'move', ['sh', '-c', 'pwd; cat /etc/hostname; ls /proc/self/status'])
  expect(stdout).toBe('/\nbusybox\n/proc/self/status\n')
})

it('move, and the way out of a chroot leads to the same root', async (context) => {
  const { stdout, exit } = await onInitramfs(
    context,
    'move',
    ['sh', '-c', `ls -d /system /bin; cat ${canary}`],
    walkOutOfChroot,
  )
  expect({ stdout, exit }).toEqual({ stdout: '/bin\n', exit: { code: 1 } })
})
