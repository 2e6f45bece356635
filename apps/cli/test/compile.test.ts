// requires root, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { CLI } from './rt.js'

let root = ''
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  if (root === '') root = busyboxRoot()
})

const rtCommand = (...args: string[]): string[] => [process.execPath, '--', CLI, ...args]

describe('rt compile', () => {
  it.each<[string, string[]]>([
    ['--env', ['-e', 'SECRET=hush']],
    ['--env-file', ['--env-file', 'variables']],
    ['--env and --env-file', ['-e', 'A=1', '--env-file', 'variables']],
  ])('%s: says that the file holds it, and gives it to its owner alone', (options, args) => {
    const cwd = temporaryFolder('compile')
    writeFileSync(join(cwd, 'variables'), 'SECRET=hush\n')
    const command = rtCommand('compile', 'run', ...args, root, 'true', '-o', 't')
    const script = 'umask 0; "$@" && stat -c %a t && grep -c hush t'
    const result = spawnSync('sh', ['-c', script, 'sh', ...command], { cwd, encoding: 'utf8' })
    expect(result).toMatchObject({
      status: 0,
      stdout: '700\n1\n',
      stderr: `rt: warning: "t" holds what ${options} set: only its owner may read it (mode 0700)\n`,
    })
  })

  it('without variables: anybody may run it, and nothing is said', () => {
    const cwd = temporaryFolder('compile')
    const command = rtCommand('compile', 'run', root, 'true', '-o', 't')
    const result = spawnSync('sh', ['-c', 'umask 077; "$@" && stat -c %a t', 'sh', ...command], {
      cwd,
      encoding: 'utf8',
    })
    expect(result).toMatchObject({ status: 0, stdout: '755\n', stderr: '' })
  })

  it('leaves nothing beside the file, whether it could be written or not', () => {
    const cwd = temporaryFolder('compile')
    const files = () => readdirSync(cwd)
    const write = (name: string) =>
      spawnSync(process.execPath, ['--', CLI, 'compile', 'run', root, 'true', '-o', name], { cwd, encoding: 'utf8' })
    expect(write('t').status).toBe(0)
    expect(files()).toEqual(['t'])
    mkdirSync(join(cwd, 'folder'))
    expect(write('folder')).toMatchObject({ status: 125, stderr: expect.stringContaining('cannot write "folder"') })
    expect(files().sort()).toEqual(['folder', 't'])
  })
})
