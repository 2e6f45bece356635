// requires root, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, layerTar, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { containerPid } from './container-pid.js'
import { CLI, start, traces } from './rt.js'

let root = ''
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  if (root === '') root = busyboxRoot()
})

/** A shell's pipeline around a command line: its pipes are the caller's, and real ones (Node's are sockets). */
function shell(script: string, ...command: string[]) {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', ...command], {
    encoding: 'utf8',
    timeout: 25_000,
  })
  return { status, stdout, stderr }
}
const rtCommand = (...args: string[]): string[] => [process.execPath, '--', CLI, ...args]

const REOPEN = 'cat /dev/stdin > /dev/stdout; echo err > /dev/stderr'
/** stdin, stdout and stderr are three pipes. */
const PIPES = '{ echo in | "$@" 2>&3 | cat; } 3>&1 | cat'
const BOTH = { status: 0, stdout: expect.stringMatching(/^(in\nerr|err\nin)\n$/), stderr: '' }

function compiled(...args: string[]): string {
  const file = join(temporaryFolder('compiled'), 't')
  const [program, ...rest] = rtCommand('compile', '-o', file, 'run', ...args)
  expect(spawnSync(program as string, rest, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  return file
}

async function withContainer(options: string[], check: (pid: string) => void): Promise<void> {
  const container = start(['run', ...options, root, 'sh', '-c', 'echo ready; sleep 100'])
  try {
    await container.says('ready\n')
    check(String(containerPid(container.child.pid as number)))
  } finally {
    container.child.kill('SIGKILL')
    await container.exited
  }
}

describe('pipes can be opened again by the container’s user', () => {
  it.each<[string, string[]]>([
    ['root', []],
    ['root, who may not open everything', ['--cap-drop', 'DAC_OVERRIDE']],
    ['another user', ['-u', '1000']],
    ['another user with --init', ['-u', '1000', '--init']],
  ])('%s: rt run, and compiled', (_, options) => {
    expect(shell(PIPES, ...rtCommand('run', '-i', ...options, root, 'sh', '-c', REOPEN))).toEqual(BOTH)
    expect(shell(PIPES, compiled('-i', ...options, root, 'sh', '-c', REOPEN))).toEqual(BOTH)
  })

  it('by root of a user namespace, whose id on the host is another', () => {
    const ids = join(temporaryFolder('subid'), 'subid')
    writeFileSync(ids, 'root:100000:65536\n')
    const script = `mount --bind ${ids} /etc/subuid && mount --bind ${ids} /etc/subgid && exec "$@"`
    for (const user of ['0', '1000']) {
      const options = ['--userns', 'auto', '-u', user]
      const inside = rtCommand('run', '-i', ...options, root, 'sh', '-c', REOPEN)
      expect(shell(PIPES, 'unshare', '--mount', 'sh', '-c', script, 'sh', ...inside)).toEqual(BOTH)
    }
  })

  it('by rt exec, as the container’s user and as another', () =>
    withContainer(['-u', '1000'], (pid) => {
      for (const user of [[], ['-u', '1234']]) {
        expect(shell(PIPES, ...rtCommand('exec', '-i', ...user, pid, 'sh', '-c', REOPEN))).toEqual(BOTH)
      }
    }))
})

describe('a directory as a stream is refused', () => {
  const message = (name: string) =>
    `rt: ${name}: is a directory: the container would reach the tree that it is in\n` +
    '  hint: redirect a file or a pipe; a directory of the host is given with --volume\n'
  /** With the host's root as one of the streams. */
  function onRoot(to: number, command: readonly string[]) {
    const directory = openSync('/', 'r')
    try {
      const [program, ...args] = command
      const stdio = [0, 1, 2].map((fd) => (fd === to ? directory : ('pipe' as const)))
      const { status, stdout, stderr } = spawnSync(program as string, args, { stdio, encoding: 'utf8' })
      return { status, stdout, stderr }
    } finally {
      closeSync(directory)
    }
  }
  const SEE_HOST = ['sh', '-c', 'ls /proc/self/fd/0/ /proc/self/fd/1/ /proc/self/fd/2/ >&2']

  it('by rt run and rt trace, before an image is unpacked', () => {
    const rootDir = join(temporaryFolder('root-dir'), 'none')
    const before = traces()
    const args = ['run', '-i', '--root-dir', rootDir, layerTar(root), ...SEE_HOST]
    for (const command of [rtCommand(...args), rtCommand('trace', ...args)]) {
      expect(onRoot(0, command)).toEqual({ status: 125, stdout: '', stderr: message('stdin') })
      expect(onRoot(1, command)).toMatchObject({ status: 125, stderr: message('stdout') })
      // Nobody can be told why.
      expect(onRoot(2, command)).toMatchObject({ status: 125, stdout: '' })
    }
    expect(existsSync(rootDir)).toBe(false)
    expect(traces()).toEqual(before)
  })

  it('by rt exec', () =>
    withContainer([], (pid) => {
      expect(onRoot(0, rtCommand('exec', '-i', pid, ...SEE_HOST))).toMatchObject({
        status: 125,
        stderr: message('stdin'),
      })
    }))

  it('by a compiled program', () => {
    const file = compiled('-i', root, ...SEE_HOST)
    for (const fd of [0, 1]) {
      expect(onRoot(fd, [file])).toMatchObject({
        status: 125,
        stderr: expect.stringMatching(/^rt: standard streams: (stdin|stdout) is a directory: /),
      })
    }
  })

  it('but not where the container doesn’t get it: stdin without -i', () => {
    expect(onRoot(0, rtCommand('run', root, 'readlink', '/proc/self/fd/0'))).toEqual({
      status: 0,
      stdout: '/dev/null\n',
      stderr: '',
    })
  })
})
