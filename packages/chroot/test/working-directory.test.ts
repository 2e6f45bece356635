// requires root, busybox for the kernel's part; the plan needs nothing
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { assemble, branch, type Call, call, compute, ROOT, ref, run, type Step, sequence } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_PATH, RENAME_EXCHANGE, renameat2 } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { exec, root, user, workingDirectory } from '../src/index.js'
import { contained } from './contained.js'
import { explained } from './explained.js'
import { filesystem, namespaces, proc, tree } from './steps.js'

describe('the plan', () => {
  it('opens the directory, or makes it name by name', () => {
    expect(explained(workingDirectory('/a//b/../c/'))).toMatchInlineSnapshot(`
      "working directory:
        openat2($root, "/a/c", {flags=O_RDONLY|O_DIRECTORY|O_CLOEXEC|O_PATH, resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT}, 24) → directory
        go to opened
        umask(00) → umask
        mkdirat($root, "a", 0755)
        openat2($root, "/a", {flags=O_RDONLY|O_DIRECTORY|O_CLOEXEC|O_PATH, resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT}, 24) → directory
        mkdirat(directory</a>, "c", 0755)
        openat2($root, "/a/c", {flags=O_RDONLY|O_DIRECTORY|O_CLOEXEC|O_PATH, resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT}, 24) → directory
        umask(umask)
        go to opened
        umask(umask)
        go to busy
        go to resolved
        tries = tries + 1 * 1
        unless tries == 63 go to again
        fail: cannot walk a path: something is renamed or mounted all the time
        fchdir(directory</a/c>)
        getcwd(&cwd, 4096)
        if cwd & 0xff == 47 go to cwd is inside
        fail: the working directory is not beneath the new root
        close(directory</a/c>)"
    `)
  })

  it('only opens it', () => {
    expect(explained(workingDirectory('/a/b', { make: false }))).not.toContain('mkdirat')
  })

  it.each(['', 'a', './a', '../a'])('refuses %j', (directory) => {
    expect(() => workingDirectory(directory, { origin: '--workdir' })).toThrowError(
      expect.objectContaining({
        complaints: [{ path: '--workdir', message: `${JSON.stringify(directory)} is not an absolute path` }],
      }),
    )
  })
})

describe('the contained process', () => {
  let directory: string
  beforeEach((context) => {
    needs(context, 'root', 'busybox')
    directory = busyboxRoot()
  })
  const standing = (path: string, options = {}, ...more: Parameters<typeof contained>[0][]) =>
    contained(
      [namespaces(), root(tree(directory), proc()), workingDirectory(path, options), more],
      ['sh', '-c', 'pwd; readlink /proc/self/cwd'],
    )

  it.each([
    ['/', '/'],
    ['/etc', '/etc'],
    ['/new', '/new'],
    ['/new/and/deeper', '/new/and/deeper'],
    ['/etc/../../../../tmp/./x', '/tmp/x'],
    ['/with space/und ümlaut', '/with space/und ümlaut'],
    ['/new\nline', '/new\nline'],
  ])('%j', async (path, at) => {
    expect(await standing(path)).toMatchObject({ stdout: `${at}\n${at}\n`, exit: { code: 0 } })
  })

  it('what is made has mode 0755 and is root’s, whatever the umask and the user', async () => {
    const before = process.umask(0o77)
    try {
      await standing('/new/deeper', {}, user({ uid: 1000, gid: 1000, groups: [] }))
    } finally {
      process.umask(before)
    }
    for (const made of ['new', 'new/deeper']) {
      const { mode, uid, gid } = statSync(join(directory, made))
      expect([mode & 0o7777, uid, gid]).toEqual([0o755, 0, 0])
    }
  })

  it('symlinks lead where they lead inside', async () => {
    symlinkSync('/tmp', join(directory, 'link'))
    symlinkSync('../../..', join(directory, 'up'))
    expect((await standing('/link/made')).stdout).toBe('/tmp/made\n/tmp/made\n')
    expect((await standing('/up/up/etc')).stdout).toBe('/etc\n/etc\n')
  })

  // CVE-2026-55686 made directories on the host this way.
  it.each(['absolute', 'relative'])('an %s symlink to a host directory makes nothing there', async (kind) => {
    const victim = temporaryFolder('victim')
    symlinkSync(kind === 'absolute' ? victim : join('../../../../../../..', victim), join(directory, 'link'))
    // Inside the root the symlink dangles: it can't be made a directory.
    await expect(standing('/link/made')).rejects.toMatchObject({ step: 'working directory', code: 'ENOENT' })
    mkdirSync(join(directory, victim), { recursive: true })
    expect((await standing('/link/made')).stdout.split('\n')[0]).toBe(`${victim}/made`)
    expect(readdirSync(victim)).toEqual([])
  })

  // CVE-2024-21626: the working directory of the image is /proc/self/fd/N, an fd that the set-up has open.
  it('/proc/self/fd/N leads nowhere, for any fd of the set-up', async () => {
    for (let fd = 0; fd < 30; fd++) {
      await expect(standing(`/proc/self/fd/${fd}`)).rejects.toMatchObject({
        step: 'working directory',
        code: expect.stringMatching(/^(ELOOP|ENOENT)$/),
      })
    }
  })

  it.each(['/proc/self/root', '/proc/1/cwd', '/proc/self/cwd/x'])('%s, a link of /proc, is refused', async (path) => {
    await expect(standing(path)).rejects.toMatchObject({ code: 'ELOOP', hint: expect.stringContaining('/proc') })
  })

  it('a symlink to a link of /proc is refused', async () => {
    symlinkSync('/proc/self/fd/3', join(directory, 'link'))
    await expect(standing('/link')).rejects.toMatchObject({ code: expect.stringMatching(/^(ELOOP|ENOENT)$/) })
    symlinkSync('/proc/1/root', join(directory, 'root-link'))
    await expect(standing('/root-link/etc')).rejects.toMatchObject({ code: 'ELOOP' })
  })

  it('a file on the way, a read-only root, no leave to make it: each is said', async () => {
    writeFileSync(join(directory, 'file'), '')
    await expect(standing('/file')).rejects.toMatchObject({
      code: 'ENOTDIR',
      hint: expect.stringContaining('no directory'),
    })
    await expect(standing('/file/x')).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(standing('/proc/x')).rejects.toMatchObject({ syscall: 'mkdirat', code: 'ENOENT' })
    await expect(standing('/missing', { make: false, origin: '-w' })).rejects.toMatchObject({
      origin: '-w',
      code: 'ENOENT',
      hint: expect.stringContaining('does not exist in the root'),
    })
    expect(existsSync(join(directory, 'missing'))).toBe(false)
  })

  it('a racer that swaps it for a symlink to the host makes nothing there', async () => {
    const victim = temporaryFolder('victim')
    mkdirSync(join(directory, 'a'))
    symlinkSync(victim, join(directory, 'b'))
    const [a, b] = ['a', 'b'].map((name) => join(directory, name)) as [string, string]
    let racing = true
    const race = (async () => {
      for (; racing; await yieldToOthers()) {
        for (let i = 0; i < 501; i++) renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE)
      }
    })()
    const ends = { inside: 0, refused: 0 }
    for (let i = 0; i < 60; i++) {
      try {
        const { stdout } = await standing(`/a/new${i}/x`)
        expect(stdout.split('\n')[0]).toMatch(/^\/[ab]\/new\d+\/x$/)
        ends.inside++
      } catch (error) {
        expect(error).toMatchObject({ step: 'working directory', code: expect.stringMatching(/^(ENOENT|ENOTDIR)$/) })
        ends.refused++
      }
    }
    racing = false
    await race
    expect(readdirSync(victim)).toEqual([])
    // Both were met: it was a race.
    expect(Math.min(ends.inside, ends.refused), JSON.stringify(ends)).toBeGreaterThan(0)
  })

  it('is walked again when something was renamed meanwhile, but not for ever', async () => {
    const plan = sequence(
      namespaces(),
      root(tree(directory), proc()),
      workingDirectory('/etc'),
      exec(['true'], { env: ['PATH=/bin'] }),
    )
    const { sites } = assemble(plan)
    const op = sites.findIndex(({ instruction }) => instruction.kind === 'call' && instruction.call === 'openat2')
    await expect(run(plan, { fault: { op, errno: 'EAGAIN' }, stdio: 'null' })).rejects.toMatchObject({
      step: 'working directory',
      code: 'RT_UNSAFE',
      message: 'cannot walk a path: something is renamed or mounted all the time',
    })
  })

  it('keeps the umask when something was renamed while it was made', async () => {
    const { 'init.pivot': inside = [], ...step } = workingDirectory('/new/deeper')
    const opens = inside.flatMap((each, i) => (each.kind === 'call' && each.call === 'openat2' ? [i] : []))
    const second = inside[opens[1] as number] as Call
    // What EAGAIN of that call would do, once. A word starts as -1.
    const once = [
      compute('times', ref('times'), 1, 1),
      branch(ref('times'), 0, { then: second.onError?.EAGAIN as string }),
    ]
    const changed = { ...step, 'init.pivot': inside.toSpliced(opens[1] as number, 0, ...once) }
    const before = process.umask(0o27)
    try {
      const { stdout } = await contained(
        [namespaces(), root(tree(directory), proc()), changed],
        ['sh', '-c', 'pwd; umask'],
      )
      expect(stdout).toBe('/new/deeper\n0027\n')
    } finally {
      process.umask(before)
    }
  })

  // CVE-2024-21626: whatever fd it came through, a directory outside is noticed.
  it('a directory that is not beneath the root is refused, however it was reached', async () => {
    const before: Step = {
      name: 'leak',
      why: 'an fd of outside',
      'init.mount': [call('openat', [AT_FDCWD, '/', O_PATH | O_DIRECTORY | O_CLOEXEC], { save: '$outside' })],
    }
    const after: Step = { name: 'mistake', why: 'taken for the root', 'init.pivot': [compute(ROOT, ref('$outside'))] }
    const steps = [namespaces(), before, root(tree(directory), proc()), after, workingDirectory('/etc')]
    await expect(contained(steps, ['true'])).rejects.toMatchObject({
      step: 'working directory',
      code: 'RT_UNSAFE',
      message: 'the working directory is not beneath the new root',
    })
  })

  it('a directory that only root may enter is the user’s working directory all the same', async () => {
    mkdirSync(join(directory, 'private'))
    chmodSync(join(directory, 'private'), 0o700)
    const { stdout } = await contained(
      [
        namespaces(),
        root(tree(directory), [proc(), filesystem('tmpfs', 'tmp')]),
        workingDirectory('/private'),
        user({ uid: 1000, gid: 1000, groups: [] }),
      ],
      ['readlink', '/proc/self/cwd'],
    )
    expect(stdout).toBe('/private\n')
  })
})
