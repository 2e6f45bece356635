// requires root, busybox, gcc, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { spawnSync } from 'node:child_process'
import { copyFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { attacker, busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { containerPid } from './container-pid.js'
import { CLI, start } from './rt.js'

let root = ''
let keys = ''
beforeEach((context) => {
  needs(context, 'root', 'busybox', 'gcc')
  if (root !== '') return
  root = busyboxRoot()
  keys = attacker('read-keyrings')
  copyFileSync(keys, join(root, 'bin/read-keyrings'))
})

const rtCommand = (...args: string[]): string[] => [process.execPath, '--', CLI, ...args]

/** Root has ids to map, in a mount namespace where the host's own file is not touched. */
function withIdsToMap(command: readonly string[]): string[] {
  const file = join(temporaryFolder('subid'), 'subid')
  writeFileSync(file, 'root:100000:65536\n')
  const script = 'mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && exec "$@"'
  return ['unshare', '--mount', 'sh', '-c', script, file, ...command]
}

type Way = (inside: readonly string[], options?: readonly string[]) => string[]

/** The filter must hide no hole. */
const FILTERS: [string, string[]][] = [
  ['the default filter', []],
  ['seccomp=unconfined', ['--security-opt', 'seccomp=unconfined']],
]

/** Every way for a program into a container, as the command line that starts it. */
const WAYS: [string, Way][] = [
  ['rt run', (inside, options = []) => rtCommand('run', ...options, root, ...inside)],
  ['rt run -u 1000', (inside, options = []) => rtCommand('run', ...options, '-u', '1000', root, ...inside)],
  ['rt run --init', (inside, options = []) => rtCommand('run', ...options, '--init', root, ...inside)],
  [
    'rt run --userns auto',
    (inside, options = []) => withIdsToMap(rtCommand('run', ...options, '--userns', 'auto', root, ...inside)),
  ],
  ['rt run --userns self', (inside, options = []) => rtCommand('run', ...options, '--userns', 'self', root, ...inside)],
  [
    'a compiled program',
    (inside, options = []) => {
      const file = join(temporaryFolder('compiled'), 't')
      const [program, ...args] = rtCommand('compile', '-o', file, 'run', ...options, root, ...inside)
      expect(spawnSync(program as string, args, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
      return [file]
    },
  ],
]

/** Run `before`, which becomes the command line; what it printed. */
function outputOf(before: readonly string[], command: readonly string[]): string {
  const [program, ...args] = [...before, ...command]
  const { status, stdout, stderr } = spawnSync(program as string, args, { encoding: 'utf8', timeout: 25_000 })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

/** A container in which one more program can be started. */
async function withContainer(check: (pid: string) => void): Promise<void> {
  const container = start(['run', '-u', '1000', root, 'sh', '-c', 'echo ready; sleep 100'])
  try {
    await container.says('ready\n')
    check(String(containerPid(container.child.pid as number)))
  } finally {
    container.child.kill('SIGKILL')
    await container.exited
  }
}

describe('the keys of whoever starts it', () => {
  const plant = () => [keys, 'plant', 'rt-test', 'PAYLOAD-OF-THE-CALLER']

  it('are there, without a container', () => {
    expect(outputOf(plant(), [keys])).toContain('= PAYLOAD-OF-THE-CALLER\n')
  })

  // The default filter denies keyctl(2) as a whole; without it, they must not be there.
  describe.each(FILTERS)('with %s', (_, options) => {
    const expectNone = (stdout: string): void => {
      expect(stdout).not.toContain('rt-test')
      expect(stdout).toMatch(/end\n$/)
      const isDenied = stdout.startsWith('session : Operation not permitted\n')
      expect(isDenied).toBe(options.length === 0)
    }

    it.each(WAYS)('can’t be found in %s', (_name, way) => {
      expectNone(outputOf(plant(), way(['read-keyrings'], options)))
    })

    it('can’t be found by rt exec, as any user', () =>
      withContainer((pid) => {
        for (const user of [[], ['-u', '0'], ['-u', '1000']]) {
          expectNone(outputOf(plant(), rtCommand('exec', ...options, ...user, pid, 'read-keyrings')))
        }
      }))
  })
})

describe('the umask of whoever starts it', () => {
  const masked = (mask: string) => ['sh', '-c', `umask ${mask}; exec "$@"`, 'sh']

  it.each(WAYS)('is 0022 in %s', (_, way) => {
    const command = way(['sh', '-c', 'umask'])
    for (const mask of ['077', '000']) expect(outputOf(masked(mask), command)).toBe('0022\n')
  })

  it('is 0022 for rt exec', () =>
    withContainer((pid) => {
      for (const mask of ['077', '000']) {
        expect(outputOf(masked(mask), rtCommand('exec', pid, 'sh', '-c', 'umask'))).toBe('0022\n')
      }
    }))

  it('is not that of the directories that are made for the container', () => {
    const file = join(root, 'made/here')
    outputOf(masked('077'), rtCommand('run', '-w', '/made/here', root, 'true'))
    expect(statSync(file).mode & 0o777).toBe(0o755)
  })
})
