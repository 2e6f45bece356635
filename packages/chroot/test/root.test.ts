// requires root, busybox
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { call, ROOT, ref, type Step, sequence } from '@rt/program'
import { AT_FDCWD, CLONE_NEWNS, CLONE_NEWPID, MS_REC, MS_SHARED, O_CLOEXEC, O_PATH } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { chrootRoot, hostRoot, neededRootChange, type RootChange, root } from '../src/index.js'
import { checkWorkingDirectory } from '../src/root/check-cwd.js'
import { contained, outcome, start } from './contained.js'
import { explained } from './explained.js'
import { filesystem, namespaces, proc, tree } from './steps.js'
import { walkOutOfChroot } from './walk-out-of-chroot.js'

describe('the plan', () => {
  it('attaches, mounts, pivots', () => {
    expect(explained(root(tree('/srv/root'), proc()))).toMatchInlineSnapshot(`
      "tree:
        open_tree(AT_FDCWD, "/srv/root", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE) → $tree
      attach root:
        mount_setattr($tree</srv/root>, "", AT_EMPTY_PATH|AT_RECURSIVE, {propagation=MS_PRIVATE}, 32)
        mount_setattr(AT_FDCWD, "/proc", 0, {propagation=MS_PRIVATE}, 32)
        move_mount($tree</srv/root>, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH)
        fcntl($tree</srv/root>, F_DUPFD_CLOEXEC, 3) → $root
      mount /proc:
        fsopen("proc", FSOPEN_CLOEXEC) → fs
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)
        fsmount(fs, FSMOUNT_CLOEXEC, 0) → mount
        openat($root</>, "proc", O_RDONLY|O_CLOEXEC|O_PATH) → place
        move_mount(mount, "", place, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)
      pivot_root:
        openat(AT_FDCWD, "/", O_RDONLY|O_DIRECTORY|O_CLOEXEC|O_PATH) → old
        fchdir($root</>)
        pivot_root(".", ".")
        mount_setattr(old<old root>, "", AT_EMPTY_PATH|AT_RECURSIVE, {propagation=MS_SLAVE}, 32)
        close(old<old root>)
        umount2(".", MNT_DETACH)
        chdir("/")
        getcwd(&cwd, 4096)
        if cwd & 0xffff == 47 go to cwd is inside
        fail: the working directory is not beneath the new root"
    `)
  })

  it.each(['chroot', 'move'] as const)('%s', (change) => {
    const steps = sequence(root(tree('/srv/root'), [], { change, origin: 'test' })).steps
    expect(steps.map((step) => step.name)).toEqual(['tree', 'attach root', change === 'move' ? 'move root' : 'chroot'])
    expect(steps.at(-1)?.['init.pivot']?.map((each) => ('call' in each ? each.call : each.kind))).toEqual([
      'fchdir',
      ...(change === 'move' ? ['mount'] : []),
      'chroot',
      'chdir',
      'getcwd',
      'branch',
      'fail',
      'label',
    ])
  })
})

describe('neededRootChange', () => {
  it.each<[string, RootChange]>([
    // A host that booted from a disk, one in a container, and one that never left its initramfs.
    ['22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n23 22 0:5 / /dev rw - devtmpfs udev rw\n', 'pivot_root'],
    ['629 563 0:52 / / rw - overlay overlay rw\n', 'pivot_root'],
    ['1 1 0:2 / / rw - rootfs rootfs rw\n20 1 0:20 / /proc rw - proc proc rw\n', 'move'],
    ['1 1 0:2 / / rw - rootfs rootfs rw\n30 1 8:1 / / rw - ext4 /dev/sda1 rw\n', 'pivot_root'],
  ])('%j', (mountinfo, change) => {
    expect(neededRootChange(mountinfo)).toBe(change)
  })

  it('reads this host’s', () => {
    expect(['pivot_root', 'move']).toContain(neededRootChange())
  })
})

describe('a root that is changed', () => {
  let directory: string
  const canary = join(temporaryFolder('canary'), 'canary')
  beforeEach((context) => {
    needs(context, 'root', 'busybox')
    directory = busyboxRoot()
    writeFileSync(canary, 'the host')
  })

  it.each(['pivot_root', 'move', 'chroot'] as const)(
    '%s: the directory is /, and the working directory',
    async (change) => {
      const { stdout, exit } = await contained(
        [namespaces(), root(tree(directory), proc(), { change })],
        ['sh', '-c', 'pwd; ls -d /*; cat /etc/hostname'],
      )
      const names = readdirSync(directory).map((name) => `/${name}`)
      expect(stdout.split('\n')).toEqual(['/', ...names.sort(), 'busybox', ''])
      expect(exit).toEqual({ code: 0 })
    },
  )

  it.each([
    ['chroot', 'the host', 0],
    ['move', '', 1],
    ['pivot_root', '', 1],
  ] as const)('after %s the chroot escape reads %j', async (change, read, code) => {
    const { stdout, exit } = await contained(
      [namespaces(), root(tree(directory), proc(), { change }), walkOutOfChroot],
      ['cat', canary],
    )
    expect(stdout).toBe(read)
    expect(exit).toEqual({ code })
  })

  it('plain chroot on a directory, without any namespace: escapes too', async () => {
    const steps = chrootRoot(directory, [], 'test')
    expect((await contained(steps, ['cat', '/etc/hostname'])).stdout).toBe('busybox\n')
    expect((await contained([chrootRoot(directory), walkOutOfChroot], ['cat', canary])).stdout).toBe('the host')
  })

  it('plain chroot with mounts in a mount namespace of its own', async () => {
    const { stdout } = await contained(
      [namespaces(), chrootRoot(directory, filesystem('tmpfs', 'tmp', { size: '1m' }))],
      ['stat', '-f', '-c', '%T', '/tmp'],
    )
    expect(stdout).toBe('tmpfs\n')
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(directory)
  })

  it('after pivot_root there is one root mount and nothing of the host', async () => {
    const { stdout } = await contained([namespaces(), root(tree(directory), proc())], ['cat', '/proc/self/mountinfo'])
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[4]),
    ).toEqual(['/', '/proc'])
  })

  it('hostRoot: the host’s files, and $root for what follows', async () => {
    const steps = [namespaces(), hostRoot(), filesystem('tmpfs', canary.slice(1).replace(/\/canary$/, ''))]
    const { stdout, exit } = await contained(steps, ['/bin/sh', '-c', `ls ${canary} 2>&1 || pwd`])
    expect(stdout).toContain(process.cwd())
    expect(exit).toEqual({ code: 0 })
  })

  it('a missing directory is an error of its step, before anything is made', async () => {
    await expect(contained([namespaces(), root(tree('/no/such/root'), [])], ['true'])).rejects.toMatchObject({
      step: 'tree',
      code: 'ENOENT',
    })
    await expect(contained(chrootRoot('/no/such/root', [], '--rootfs'), ['true'])).rejects.toMatchObject({
      step: 'root directory',
      origin: '--rootfs',
      code: 'ENOENT',
    })
  })

  it('a working directory left outside is noticed (CVE-2024-21626)', async () => {
    const leak: Step = {
      name: 'leak',
      why: 'an fd of the host’s root, held over the change',
      'init.enter': [call('openat', [AT_FDCWD, '/', O_PATH | O_CLOEXEC], { save: '$leak' })],
    }
    const walkOut: Step = {
      name: 'walk out',
      why: 'test',
      'init.pivot': [call('fchdir', [ref('$leak')]), ...checkWorkingDirectory('beneath')],
    }
    const run = contained([namespaces(), leak, root(tree(directory), proc()), walkOut], ['true'])
    await expect(run).rejects.toMatchObject({
      step: 'walk out',
      code: 'RT_UNSAFE',
      message: 'the working directory is not beneath the new root',
    })
  })
})

describe('propagation', () => {
  it('a root on a shared mount: what is mounted inside does not show outside', async (context) => {
    needs(context, 'root', 'busybox')
    const directory = busyboxRoot()
    execFileSync('mount', ['--bind', directory, directory])
    try {
      execFileSync('mount', ['--make-shared', directory])
      const container = await start(
        [namespaces(), root(tree(directory), [proc(), filesystem('tmpfs', 'tmp')])],
        ['sh', '-c', 'grep -c . /proc/self/mountinfo; read line'],
        {},
        { stdio: ['pipe', 'pipe', 'inherit'] },
      )
      const outside = readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .filter((line) => line.includes(directory))
      container.stdin?.end()
      expect((await outcome(container)).stdout).toBe('3\n')
      expect(outside).toHaveLength(1)
    } finally {
      execFileSync('umount', ['--lazy', directory])
    }
  })

  it('a namespace left shared: the supervisor’s sees neither the new root nor the old one’s unmounting', async (context) => {
    needs(context, 'root', 'busybox')
    const directory = busyboxRoot()
    mkdirSync(join(directory, 'mark'))
    const sharedHost: Step = {
      name: 'shared host',
      why: 'as a systemd host, and nobody made it private',
      'host.prepare': [call('unshare', [CLONE_NEWNS]), call('mount', [null, '/', null, MS_REC | MS_SHARED, null])],
      clone: CLONE_NEWNS | CLONE_NEWPID,
    }
    const container = await start(
      [sharedHost, root(tree(directory), [proc(), filesystem('tmpfs', 'mark')])],
      ['sh', '-c', 'read line; grep -c . /proc/self/mountinfo'],
      {},
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    const places = (file: string) =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[4])
    const outside = places(`/proc/${container.supervisor}/mountinfo`)
    container.stdin?.end()
    expect((await outcome(container)).stdout).toBe('3\n')
    expect(outside.sort()).toEqual(places('/proc/self/mountinfo').sort())
  })
})

it('sets $root before the mounts, so that they can use it', () => {
  const steps = sequence(root(tree('/x'), proc())).steps
  const saving = steps.findIndex((step) => step['init.mount']?.some((each) => 'save' in each && each.save === ROOT))
  const using = steps.findIndex((step) => JSON.stringify(step['init.mount'] ?? []).includes(`"ref":"${ROOT}"`))
  expect(saving).toBe(1)
  expect(using).toBe(2)
})
