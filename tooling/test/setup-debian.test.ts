// requires a POSIX shell; dpkg-query, apt-get and id are stand-ins: nothing is installed
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const script = fileURLToPath(new URL('../setup-debian.sh', import.meta.url))

let bin: string
const program = (name: string, text: string): void =>
  writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
/** Only the stand-ins are in PATH. */
const setup = (...arguments_: string[]) =>
  spawnSync('/bin/sh', [script, ...arguments_], { encoding: 'utf8', env: { PATH: bin } })
const aptCalls = () => (existsSync(join(bin, 'calls')) ? readFileSync(join(bin, 'calls'), 'utf8') : '')

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'rt-setup-debian-'))
  symlinkSync('/bin/sh', join(bin, 'sh'))
})
afterEach(() => rmSync(bin, { recursive: true }))

/** A Debian where crun is installed and strace was removed but for its configuration. */
const debian = (uid: number): void => {
  program('dpkg-query', 'echo "installed crun"; echo "config-files strace"; exit 1')
  program('apt-get', `echo "$@" >>${join(bin, 'calls')}`)
  program('id', `echo ${uid}`)
}

describe('tooling/setup-debian.sh', () => {
  it('does nothing when all is there', () => {
    debian(0)
    expect(setup('crun')).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(aptCalls()).toBe('')
  })

  it('updates the index and installs what is missing, and only that', () => {
    debian(0)
    expect(setup('crun', 'strace', 'umoci').status).toBe(0)
    expect(aptCalls()).toBe('-q update\n-q install -y --no-install-recommends strace umoci\n')
  })

  it.each([
    ['without apt', () => {}, 'no apt here'],
    ['without root', () => debian(1000), 'sudo sh tooling/setup-debian.sh strace'],
  ])('%s: says what to do and fails, or only says it with --if-possible', (_, prepare, message) => {
    prepare()
    const strict = setup('strace')
    expect(strict.status).toBe(1)
    expect(strict.stderr).toContain(message)
    const lenient = setup('--if-possible', 'strace')
    expect(lenient.status).toBe(0)
    expect(lenient.stderr).toContain(message)
    expect(aptCalls()).toBe('')
  })

  it('reports a failed apt-get', () => {
    debian(0)
    program('apt-get', 'exit 100')
    expect(setup('strace')).toMatchObject({ status: 1, stdout: '' })
    expect(setup('strace').stderr).toContain('apt-get update failed')
  })
})
