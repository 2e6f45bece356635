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

type Way = (inside: readonly string[]) => string[]

/** Every way for a program into a container, as the command line that starts it. */
const WAYS: [string, Way][] = [
  ['rt run', (inside) => rtCommand('run', root, ...inside)],
  ['rt run -u 1000', (inside) => rtCommand('run', '-u', '1000', root, ...inside)],
  ['rt run --init', (inside) => rtCommand('run', '--init', root, ...inside)],
  ['rt run --userns auto', (inside) => withIdsToMap(rtCommand('run', '--userns', 'auto', root, ...inside))],
  ['rt run --userns self', (inside) => rtCommand('run', '--userns', 'self', root, ...inside)],
  [
    'a compiled program',
    (inside) => {
      const file = join(temporaryFolder('compiled'), 't')
      const [program, ...args] = rtCommand('compile', '-o', file, 'run', root, ...inside)
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

  it.each(WAYS)('can’t be found in %s', (_, way) => {
    const stdout = outputOf(plant(), way(['read-keyrings']))
    expect(stdout).not.toContain('rt-test')
    expect(stdout).toMatch(/end\n$/)
  })

  it('can’t be found by rt exec, as any user', () =>
    withContainer((pid) => {
      for (const user of [[], ['-u', '0'], ['-u', '1000']]) {
        const stdout = outputOf(plant(), rtCommand('exec', ...user, pid, 'read-keyrings'))
        expect(stdout).not.toContain('rt-test')
        expect(stdout).toMatch(/end\n$/)
      }
    }))
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
