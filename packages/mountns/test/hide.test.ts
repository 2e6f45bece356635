// requires root: real mounts, busybox
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capabilities, user } from '@rt/chroot'
import { bind, diffMountinfo, hide, proc } from '@rt/mountns'
import { assemble } from '@rt/program'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { mountsOfHost, runPlan, shellPlan, tinyRoot } from './inside.js'

describe('hide', () => {
  beforeEach((context) => needs(context, 'root', 'busybox'))

  const withRoot = async (make: (root: string) => void, check: (root: string) => Promise<void>) => {
    const root = tinyRoot()
    chmodSync(root, 0o755)
    make(root)
    await check(root)
  }
  const secrets = (root: string): void => {
    mkdirSync(join(root, 'secrets/deep'), { recursive: true })
    writeFileSync(join(root, 'secrets/deep/key'), 'key')
    writeFileSync(join(root, 'token'), 'token')
    writeFileSync(join(root, 'open'), 'open')
    mkdirSync(join(root, 'etc'), { recursive: true })
    symlinkSync('/token', join(root, 'link'))
    symlinkSync('../../../../etc', join(root, 'out'))
  }
  const nobody = [user({ uid: 65534, gid: 65534, groups: [] }), capabilities([])]

  it('as refuse: files and directories give EACCES, and what a symlink leads to does by both names', () =>
    withRoot(secrets, async (root) => {
      const before = mountsOfHost()
      const hidden = hide(['/secrets', '/link', '/nowhere', '/token/below'], { as: 'refuse' })
      const script = 'for f in /token /link /secrets /secrets/deep/key /open; do cat $f; ls $f >/dev/null; done'
      const { stdout, stderr } = await runPlan(
        shellPlan({ tree: root, mounts: [proc(), hidden], after: nobody }, script),
      )
      expect(stdout).toBe('open')
      expect(stderr.match(/^cat: .*$/gm)).toEqual([
        "cat: can't open '/token': Permission denied",
        "cat: can't open '/link': Permission denied",
        expect.stringMatching(/secrets'?: Permission denied$/),
        "cat: can't open '/secrets/deep/key': Permission denied",
      ])
      expect(diffMountinfo(before, mountsOfHost())).toEqual({ added: [], removed: [], changed: [] })
    }))

  it('as refuse: nothing of it can be changed, taken off, or written, by the container’s root either', () =>
    withRoot(secrets, async (root) => {
      const script =
        'chmod 777 /token || echo no chmod; umount /token 2>&1 | grep -c . ; chmod 700 /secrets || echo no chmod; echo x >/token || echo no write; ls /proc >/dev/null && echo proc'
      const hidden = hide(['/secrets', '/token'], { as: 'refuse' })
      const after = capabilities(['CAP_FOWNER', 'CAP_CHOWN'])
      const { stdout } = await runPlan(shellPlan({ tree: root, mounts: [proc(), hidden], after }, script))
      expect(stdout).toBe('no chmod\n1\nno chmod\nno write\nproc\n')
    }))

  it('as null: they read as empty', () =>
    withRoot(secrets, async (root) => {
      const shown = await runPlan(
        shellPlan(
          { tree: root, mounts: [proc(), hide(['/secrets', '/link'], { as: 'null' })] },
          'cat /token; ls -A /secrets; cat /open',
        ),
      )
      expect(shown).toMatchObject({ stdout: 'open', stderr: '' })
    }))

  it('a symlink that leads out of the root stays within it', () =>
    withRoot(secrets, async (root) => {
      const before = readdirSync('/etc')
      const hidden = hide(['/out'], { as: 'refuse' })
      const { stderr } = await runPlan(
        shellPlan({ tree: root, mounts: [proc(), hidden], after: nobody }, 'ls /out; ls /etc'),
      )
      expect(stderr.match(/Permission denied/g)).toHaveLength(2)
      expect(readdirSync('/etc')).toEqual(before)
    }))

  it('twenty thousand paths are one megabyte of program, and all are hidden', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rt-hide-'))
    chmodSync(folder, 0o755)
    try {
      const root = tinyRoot()
      chmodSync(root, 0o755)
      const paths: string[] = []
      for (let i = 0; i < 200; i++) {
        mkdirSync(join(folder, `${i}`))
        for (let k = 0; k < 100; k++) {
          writeFileSync(join(folder, `${i}/${k}`), 'x')
          paths.push(`/many/${i}/${k}`)
        }
      }
      const plan = shellPlan(
        {
          tree: root,
          mounts: [proc(), bind({ source: folder, destination: '/many' }), hide(paths, { as: 'refuse' })],
          after: nobody,
        },
        'n=0; for f in /many/*/*; do cat $f 2>/dev/null || n=$((n+1)); done; echo $n',
      )
      expect(assemble(plan).elf.length).toBeLessThan(1_000_000)
      const { stdout } = await runPlan(plan)
      expect(stdout).toBe('20000\n')
    } finally {
      rmSync(folder, { recursive: true })
    }
  }, 60_000)

  it.each([
    [['relative'], { as: 'refuse' }, /paths\[0\]/],
    [['/x'], { as: 'nothing' }, /expected "null" or "refuse", got nothing/],
  ])('refuses %j with %j', (paths, options, message) => {
    expect(() => hide(paths, options as never)).toThrow(message)
  })
})
