// requires root, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, layerTar, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { CLI } from './rt.js'

let root = ''
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  root ||= busyboxRoot()
})

/** rt where its working directory has been removed: a shell stays in it. */
function rtInGone(args: readonly string[]) {
  const gone = join(temporaryFolder('gone'), 'gone')
  const script = 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"'
  const words = ['-c', script, gone, process.execPath, '--', CLI, ...args]
  const { status, stdout, stderr } = spawnSync('sh', words, { input: '', encoding: 'utf8', timeout: 25_000 })
  return { status, stdout, stderr }
}

describe('in a working directory that is gone', () => {
  it.each<[string, () => string[]]>([
    ['run', () => ['run', root, 'echo', 'fine']],
    ['run on the host’s files', () => ['run', '--', 'echo', 'fine']],
    ['run with a volume', () => ['run', '-v', `${root}:/mnt`, root, 'cat', '/mnt/etc/hostname']],
    ['compile', () => ['compile', '-o', join(temporaryFolder('compiled'), 'x'), 'run', root, 'true']],
    ['explain', () => ['explain', 'run', root, 'true']],
    ['doctor', () => ['doctor']],
    ['completion', () => ['completion', 'bash']],
    ['help', () => ['help', 'run']],
  ])('%s does without it', (_, words) => {
    const { status, stderr } = rtInGone(words())
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  it.each<[string, () => string[]]>([
    ['SOURCE', () => ['run', '.', 'true']],
    ['an image as SOURCE', () => ['run', 'oci:image', 'true']],
    ['-v', () => ['run', '-v', './x:/x', root, 'true']],
    ['--mount', () => ['run', '--mount', 'type=bind,source=./x,target=/x', root, 'true']],
    ['--root-dir', () => ['run', '--root-dir', 'x', root, 'true']],
    ['unpack’s SOURCE', () => ['unpack', 'x.tar', '/tmp/rt-nothing']],
    ['unpack’s target', () => ['unpack', '/dev/null', 'x']],
    [
      'what needs a thread',
      () => ['unpack', layerTar(temporaryFolder('layer')), join(temporaryFolder('gone'), 'target')],
    ],
  ])('%s is refused, with the reason', (_, words) => {
    const { status, stderr } = rtInGone(words())
    expect(status).toBeGreaterThan(0)
    expect(stderr).toMatch(/^rt: .*the working directory (of rt )?is gone \(getcwd: ENOENT\)/)
    expect(stderr).toContain('change to another directory')
  })
})
