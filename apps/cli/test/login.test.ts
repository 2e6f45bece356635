// requires docker-registry (Debian's), htpasswd (apache2-utils), ports of 127.0.0.1; for the prompt script (util-linux)
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DebianRegistry, debianRegistry, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { CLI, rt } from './rt.js'

let registry: DebianRegistry
let host: string

beforeAll(async () => {
  const users = execFileSync('htpasswd', ['-nbB', 'user', 'sécret'], { encoding: 'utf8' })
  registry = await debianRegistry({ users })
  host = registry.host
})
afterAll(() => registry.stop())

const newFile = () => join(temporaryFolder('auth'), 'auth.json')
const loggedIn = (file: string) => JSON.parse(readFileSync(file, 'utf8')).auths

describe('rt login', () => {
  it('keeps what the registry accepts, and logout forgets it', () => {
    const file = newFile()
    const options = { input: 'sécret\n' }
    const { status, stdout } = rt(['login', '-u', 'user', '--password-stdin', '--authfile', file, host], options)
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'Login Succeeded\n' })
    expect(loggedIn(file)).toEqual({ [host]: { auth: Buffer.from('user:sécret').toString('base64') } })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const out = (): string => rt(['logout', '--authfile', file, host]).stdout
    expect(out()).toBe(`Removing login credentials for ${host}\n`)
    expect(out()).toBe(`Not logged in to ${host}\n`)
    expect(loggedIn(file)).toEqual({})
  })

  it('keeps nothing that the registry refuses', () => {
    const file = newFile()
    const { status, stderr } = rt(['login', '-u', 'user', '-p', 'wrong', '--authfile', file, host])
    expect(status).toBe(125)
    expect(stderr).toContain('use --password-stdin')
    expect(stderr).toContain(`rt: ${host} does not accept these credentials`)
    expect(() => loggedIn(file)).toThrow('ENOENT')
  })

  it.each([
    [['-u', 'user'], 'cannot ask: stdin is no terminal'],
    [['--password-stdin'], '--password-stdin: needs a user: -u USER'],
    [['-u', 'u', '-p', 'p', '--password-stdin'], 'only one of them'],
  ])('says what is wrong: %j', (args, message) => {
    const { status, stderr } = rt(['login', ...args, '--authfile', newFile(), host])
    expect(status).toBe(125)
    expect(stderr).toContain(message)
  })

  /** On a terminal of its own; what is typed when the prompt is there. */
  async function onTerminal(file: string, typed: readonly (readonly [string, string])[]) {
    const command = `${process.execPath} -- ${CLI} login --authfile ${file} ${host}; echo "code $?"; stty -a | grep -o -- '-\\?echo '`
    const child = spawn('script', ['-qec', command, '/dev/null'], { env: { ...process.env, NODE_EXTRA_CA_CERTS: '' } })
    let shown = ''
    const left = [...typed]
    child.stdout.on('data', (text: Buffer) => {
      shown += text
      const [next] = left
      if (next && shown.includes(next[0])) {
        left.shift()
        child.stdin.write(next[1])
      }
    })
    await new Promise((resolve) => child.once('close', resolve))
    return shown
  }

  it('asks on a terminal, shows no password, and leaves the terminal as it was', async () => {
    const file = newFile()
    const shown = await onTerminal(file, [
      ['Username', 'usex\x7fr\r'],
      ['Password', 'x\x15sécr\x7fret\r'],
    ])
    expect(shown).toContain('Login Succeeded')
    expect(shown).not.toContain('cret')
    expect(shown).toMatch(/code 0\s+echo /)
    expect(Object.keys(loggedIn(file))).toEqual([host])
  })

  it('Ctrl-C at the password ends it, and the terminal echoes again', async () => {
    const shown = await onTerminal(newFile(), [
      ['Username', 'user\r'],
      ['Password', 'sec\x03'],
    ])
    expect(shown).toMatch(/code 130\s+echo /)
  })
})
