// requires root, to become a plain user; busybox; apps/cli/dist: sh tooling/bootstrap.sh cli
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, layerTar, needs, ociLayout } from '../../../tooling/fixtures/index.js'
import { NOBODY, rt as rtAs, rtAsNobody } from './rt.js'

/** A folder of his own, outside the run's, which is closed to him. */
let home = ''
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  if (home !== '') return
  home = mkdtempSync(join(tmpdir(), 'rt-home-'))
  chownSync(home, NOBODY, NOBODY)
})
afterAll(() => {
  if (home !== '') rmSync(home, { recursive: true })
})

/** The same files, owned by him. */
function own(path: string, name: string): string {
  const copy = join(home, name)
  execFileSync('cp', ['-a', path, copy])
  execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, copy])
  return copy
}

const rt = (...args: string[]) => rtAsNobody(args, { env: { HOME: home, XDG_DATA_HOME: join(home, 'data') } })

describe('a plain user', () => {
  it('runs a command on the host’s files: root inside, himself outside, and nothing is changed', () => {
    const command = 'id -u; cat /proc/self/uid_map; echo x > /etc/rt-plain && echo written; cat /etc/shadow'
    const { status, stdout, stderr } = rt('run', '--', 'sh', '-c', command)
    expect(stdout).toMatch(new RegExp(`^0\\n +0 +${NOBODY} +1\\nwritten\\n$`))
    expect(stderr).toMatch(/shadow: Permission denied/)
    expect(status).toBe(1)
    expect(existsSync('/etc/rt-plain')).toBe(false)
  })

  it('runs on a directory of his own', () => {
    const root = own(busyboxRoot(), 'root')
    const command = 'cat /etc/hostname; echo made > /made; hostname; ls /sys/class/net'
    const { status, stdout, stderr } = rt('run', root, 'sh', '-c', command)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^([0-9a-f]{12})\n\1\nlo\n$/)
    expect(statSync(join(root, 'made')).uid).toBe(NOBODY)
  })

  it('runs an image, unpacked into his own cache', () => {
    const config = { Cmd: ['sh', '-c', 'id -u; cat /etc/group | wc -l; echo x > /etc/group'] }
    const image = own(ociLayout({ layers: [layerTar(busyboxRoot())], config }), 'image')
    for (const _ of ['unpacked', 'from the cache']) {
      expect(rt('run', `oci:${image}`)).toEqual({ status: 0, signal: null, stdout: '0\n5\n', stderr: '' })
    }
    expect(existsSync(join(home, 'data/rt'))).toBe(true)
  })

  it('runs an image of several layers, its user looked up in all of them', () => {
    const upper = mkdtempSync(join(home, 'upper-'))
    mkdirSync(join(upper, 'srv'))
    const config = { User: 'root', Cmd: ['sh', '-c', 'id -un; ls -d /srv'] }
    const image = own(ociLayout({ layers: [layerTar(busyboxRoot()), layerTar(upper)], config }), 'layers')
    expect(rt('run', `oci:${image}`)).toEqual({ status: 0, signal: null, stdout: 'root\n/srv\n', stderr: '' })
    expect(rt('run', '-u', 'user', `oci:${image}`).stderr).toMatch(/^rt: --user: user "user" \(uid 1000\) has no id/)
  })

  it('mounts what he may read', () => {
    const folder = join(home, 'folder')
    mkdirSync(folder)
    const options = ['-v', `${folder}:/mnt:ro`, '--tmpfs', '/run']
    const { status, stdout, stderr } = rt('run', ...options, '--', 'sh', '-c', 'ls -A /mnt; touch /run/x && echo ok')
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'ok\n', stderr: '' })
  })

  // As OpenShift starts containers: an id of nobody's.
  it.each<[string, Record<string, string | undefined>]>([
    ['without HOME', { HOME: undefined, XDG_DATA_HOME: undefined }],
    ['with an empty one', { HOME: '', XDG_DATA_HOME: '' }],
  ])('needs no line in passwd, %s', (_, env) => {
    const stranger = { uid: 54321, gid: 54321, env }
    const root = own(busyboxRoot(), `root-${Object.keys(env).length}-${_.length}`)
    chownSync(home, stranger.uid, stranger.gid)
    try {
      execFileSync('chown', ['-R', '54321:54321', root])
      expect(rtAs(['run', root, 'id', '-u'], stranger)).toMatchObject({ status: 0, stdout: '0\n', stderr: '' })
      expect(rtAs(['run', '--', 'id', '-u'], stranger)).toMatchObject({ status: 0, stdout: '0\n' })
      expect(rtAs(['doctor', '--json'], stranger).stderr).toBe('')
      // Only an image has to be put somewhere.
      const image = own(ociLayout({ layers: [layerTar(busyboxRoot())], config: {} }), `image-${_.length}`)
      execFileSync('chown', ['-R', '54321:54321', image])
      const { status, stderr } = rtAs(['run', `oci:${image}`, 'true'], stranger)
      expect({ status, stderr }).toEqual({
        status: 125,
        stderr: expect.stringMatching(
          /no home directory to keep unpacked layers in\n {2}hint: choose another with --root-dir/,
        ),
      })
      expect(
        rtAs(['run', '--root-dir', join(home, `cache-${_.length}`), `oci:${image}`, 'id', '-u'], stranger).stdout,
      ).toBe('0\n')
    } finally {
      chownSync(home, NOBODY, NOBODY)
    }
  })
})
