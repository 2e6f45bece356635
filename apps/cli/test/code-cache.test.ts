// requires root for the folder of another user; apps/cli/dist: sh tooling/bootstrap.sh cli
import { spawnSync } from 'node:child_process'
import {
  chownSync,
  cpSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { CLI } from './rt.js'

describe('the code cache', () => {
  let folder: string
  beforeEach(() => {
    folder = temporaryFolder('dist')
    for (const name of ['rt.js', 'main.js']) cpSync(join(dirname(CLI), name), join(folder, name))
    // As the package does, whatever is above the temporary folder.
    writeFileSync(join(folder, 'package.json'), '{"type": "commonjs"}')
  })

  const start = (...args: string[]) =>
    spawnSync(process.execPath, [join(folder, 'rt.js'), ...args], { encoding: 'utf8' })
  const caches = () => readdirSync(folder).filter((name) => name.includes('.cache'))

  it('reads the program as Latin-1, so the program is ASCII', () => {
    for (const name of ['rt.js', 'main.js']) expect(readFileSync(join(folder, name), 'latin1')).toMatch(/^[\0-\x7f]*$/)
  })

  it('is made by the first start, and grows with every command that is new', () => {
    expect(start('version').status).toBe(0)
    const [name, ...more] = caches()
    expect(more).toEqual([])
    const file = join(folder, name as string)
    expect(readFileSync(file, 'latin1').slice(0, 512)).toMatch(/\nversion +$/)
    const { mtimeMs } = statSync(file)
    expect(start('version').stdout).toMatch(/^rt \d/)
    expect(statSync(file).mtimeMs).toBe(mtimeMs)
    start('help')
    expect(readFileSync(file, 'latin1').slice(0, 512)).toMatch(/\nversion help +$/)
  })

  it('is not used for a program that has changed, even if it is as long as before', () => {
    start('version')
    const main = join(folder, 'main.js')
    const { atime, mtime } = statSync(main)
    writeFileSync(main, readFileSync(main, 'utf8').replaceAll('Print the versions of rt', 'PRINT THE VERSIONS OF RT'))
    utimesSync(main, atime, mtime)
    expect(start('version', '--help').stdout).toContain('PRINT THE VERSIONS OF RT')
  })

  it('that is cut off is not used', () => {
    start('version')
    const file = join(folder, caches()[0] as string)
    truncateSync(file, statSync(file).size - 1000)
    expect(start('version')).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^rt \d/) })
  })

  it('is not left in a folder of another user', (context) => {
    needs(context, 'root')
    chownSync(folder, 65534, 65534)
    expect(start('version').status).toBe(0)
    expect(caches()).toEqual([])
  })

  it('that can’t be written is no matter', (context) => {
    needs(context, 'root')
    const readOnly = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    const { status, stderr } = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', readOnly, folder, process.execPath, join(folder, 'rt.js'), 'version'],
      { encoding: 'utf8' },
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(caches()).toEqual([])
  })
})
