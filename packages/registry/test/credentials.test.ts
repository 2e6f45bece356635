// requires a POSIX shell for the helpers
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/index.js'
import { parseAuthFile } from '../src/credentials/auth-file.js'
import { authFilePaths, readAuthFiles } from '../src/credentials/auth-files.js'
import { findCredentials } from '../src/credentials/find-credentials.js'
import { pull } from '../src/index.js'
import { putImage } from './support/images.js'
import { send } from './support/registry-server.js'
import { client, registry } from './support/set-up.js'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const auth = (name: string) => ({ auth: base64(`${name}:secret`) })

/** A folder with helpers in it: name → shell script. */
function helpers(scripts: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const folder = temporaryFolder('registry-helpers')
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, `docker-credential-${name}`), 0o755)
  }
  return { PATH: `${folder}:/usr/bin:/bin` }
}

const warnings: string[] = []
const find = (config: unknown, host: string, repository: string, environment: NodeJS.ProcessEnv = {}) => {
  warnings.length = 0
  const files = [config].flat().map((each, at) => parseAuthFile(JSON.stringify(each), `/file${at}`))
  return findCredentials(files, host, repository, environment, (message) => warnings.push(message))
}

describe('auths', () => {
  it('takes the most specific key', async () => {
    const config = {
      auths: {
        'example.com': auth('host'),
        'example.com/team': auth('team'),
        'example.com/team/app': auth('app'),
        'example.com/te': auth('no'),
      },
    }
    const user = async (repository: string) => (await find(config, 'example.com', repository)) as { username?: string }
    expect(await user('team/app')).toMatchObject({ username: 'app', password: 'secret' })
    expect(await user('team/app/more')).toMatchObject({ username: 'app' })
    expect(await user('team/other')).toMatchObject({ username: 'team' })
    expect(await user('teams/app')).toMatchObject({ username: 'host' })
    expect(await find(config, 'example.com:5000', 'team/app')).toBeUndefined()
    expect(await find(config, 'sub.example.com', 'team/app')).toBeUndefined()
  })

  it.each(['docker.io', 'index.docker.io', 'https://index.docker.io/v1/', 'registry-1.docker.io'])(
    'knows Docker Hub as %s',
    async (key) => {
      expect(await find({ auths: { [key]: auth('hub') } }, 'docker.io', 'library/debian')).toMatchObject({
        username: 'hub',
      })
    },
  )

  it('knows keys as URLs, tokens, fields, passwords with colons and padding', async () => {
    const one = (entry: unknown) => find({ auths: { 'https://example.com/v2/': entry } }, 'example.com', 'a')
    expect(await one({ auth: base64('u:a:b\0\0') })).toEqual({ kind: 'password', username: 'u', password: 'a:b' })
    expect(await one({ username: 'u', password: 'p' })).toEqual({ kind: 'password', username: 'u', password: 'p' })
    expect(await one({ ...auth('x'), identitytoken: 't' })).toEqual({ kind: 'refresh-token', token: 't' })
    expect(await one({ registrytoken: 't' })).toEqual({ kind: 'bearer-token', token: 't' })
    expect(await one({})).toBeUndefined()
  })

  it('asks one file after the other', async () => {
    const configs = [
      { auths: { 'a.com': auth('first') } },
      { auths: { 'a.com/x': auth('second'), 'b.com': auth('b') } },
      {},
    ]
    expect(await find(configs, 'a.com', 'x')).toMatchObject({ username: 'first' })
    expect(await find(configs, 'b.com', 'x')).toMatchObject({ username: 'b' })
  })

  it.each([
    ['{"auths":{"a.com":{"auth":"c2VjcmV0"}}}', 'auths["a.com"].auth: expected USER:PASSWORD in base64'],
    ['{"auths":[]}', 'auths: expected a JSON object'],
    ['{"auths":{"a.com":"secret"}}', 'auths["a.com"]: expected a JSON object'],
    ['{"credHelpers":{"a.com":"../secret"}}', 'expected the NAME of a program'],
    ['{"credsStore":"a b"}', 'credsStore'],
    ['{"auths":{"a.com":{"auth":"secret"', 'is no JSON'],
    ['[]', 'expected a JSON object'],
  ])('refuses %s, and shows nothing of it', (text, message) => {
    const parse = () => parseAuthFile(text, '/auth.json')
    expect(parse).toThrow(
      expect.objectContaining({ kind: 'RT_INVALID_CONFIG', message: expect.stringContaining(message) }),
    )
    expect(parse).not.toThrow('secret')
  })
})

describe('helpers', () => {
  const found = `cat >/dev/null; echo '{"ServerURL":"x","Username":"helped","Secret":"s"}'`
  const nothing = `cat >/dev/null; echo 'credentials not found in native keychain'; exit 1`
  const environment = () =>
    helpers({
      found,
      nothing,
      echo: `read server; echo "{\\"Username\\":\\"$server\\",\\"Secret\\":\\"s\\"}"`,
      token: `cat >/dev/null; echo '{"Username":"<token>","Secret":"t"}'`,
      broken: `cat >/dev/null; echo 'the keychain is locked' >&2; exit 3`,
      garbage: `echo secret`,
      deaf: `exec <&-; echo '{"Username":"deaf","Secret":"s"}'`,
    })

  it('of credHelpers come before credsStore, and credsStore before what the file holds', async () => {
    const config = {
      credsStore: 'found',
      credHelpers: { 'a.com': 'echo' },
      auths: { 'a.com': auth('file'), 'b.com': auth('file'), 'b.com/x': auth('path') },
    }
    expect(await find(config, 'a.com', 'x', environment())).toMatchObject({ username: 'a.com' })
    expect(await find(config, 'b.com', 'y', environment())).toMatchObject({ username: 'helped' })
    expect(await find(config, 'b.com', 'x', environment())).toMatchObject({ username: 'path' })
  })

  it('are asked for Docker Hub as docker login filed it, and may give a token', async () => {
    expect(await find({ credsStore: 'echo' }, 'docker.io', 'a/b', environment())).toMatchObject({
      username: 'https://index.docker.io/v1/',
    })
    expect(await find({ credsStore: 'token' }, 'a.com', 'b', environment())).toEqual({
      kind: 'refresh-token',
      token: 't',
    })
    expect(await find({ credsStore: 'deaf' }, 'a.com', 'b', environment())).toMatchObject({ username: 'deaf' })
  })

  it('that find nothing mean anonymous', async () => {
    expect(
      await find(
        { credHelpers: { 'a.com': 'nothing' }, auths: { 'a.com': auth('file') } },
        'a.com',
        'x',
        environment(),
      ),
    ).toBeUndefined()
    expect(await find({ credsStore: 'nothing' }, 'a.com', 'x', environment())).toBeUndefined()
    expect(
      await find({ credsStore: 'nothing', auths: { 'a.com': auth('file') } }, 'a.com', 'x', environment()),
    ).toMatchObject({ username: 'file' })
    expect(warnings).toEqual([])
  })

  it('that are not installed: an error for credHelpers, a warning for credsStore', async () => {
    await expect(find({ credHelpers: { 'a.com': 'absent' } }, 'a.com', 'x', environment())).rejects.toMatchObject({
      kind: 'RT_NOT_FOUND',
      message: expect.stringContaining('docker-credential-absent'),
      hint: expect.stringContaining('/file0'),
    })
    expect(await find({ credHelpers: { 'a.com': 'absent' } }, 'b.com', 'x', environment())).toBeUndefined()
    expect(await find({ credsStore: 'absent' }, 'a.com', 'x', environment())).toBeUndefined()
    expect(warnings).toEqual(['docker-credential-absent, the credsStore of "/file0", is not installed'])
  })

  it('that fail are told in their words, never what they print as an answer', async () => {
    await expect(find({ credsStore: 'broken' }, 'a.com', 'x', environment())).rejects.toMatchObject({
      kind: 'RT_HOOK',
      message: 'docker-credential-broken get failed for a.com: the keychain is locked',
    })
    const error = await find({ credsStore: 'garbage' }, 'a.com', 'x', environment()).catch(String)
    expect(error).toContain('printed no JSON')
    expect(error).not.toContain('secret')
  })
})

describe('files', () => {
  const at = (environment: NodeJS.ProcessEnv, uid: number | undefined = 5) =>
    authFilePaths({ environment, home: '/h', uid })

  it('are those of podman and docker, in this order', () => {
    expect(at({})).toEqual(['/run/containers/5/auth.json', '/h/.config/containers/auth.json', '/h/.docker/config.json'])
    expect(at({ XDG_RUNTIME_DIR: '/r', XDG_CONFIG_HOME: '/c', DOCKER_CONFIG: '/d' })).toEqual([
      '/r/containers/auth.json',
      '/c/containers/auth.json',
      '/d/config.json',
    ])
    expect(at({ REGISTRY_AUTH_FILE: '/f', DOCKER_CONFIG: '/d' })).toEqual(['/f'])
  })

  it('may be missing unless somebody named one', () => {
    expect(readAuthFiles(['/nonexistent/a', '/dev/null/b'], false)).toEqual([])
    expect(() => readAuthFiles(['/nonexistent/a'], true)).toThrow(expect.objectContaining({ kind: 'RT_NOT_FOUND' }))
    expect(() => readAuthFiles(['/'], false)).toThrow('cannot read credentials')
  })

  it('are used for a pull', async () => {
    const server = await registry()
    putImage(server, 'app', 'v1')
    server.rules.push((request, response) => {
      if (request.headers.authorization === `Basic ${base64('filed:secret')}`) return
      send(response, 401, { 'www-authenticate': 'Basic realm="x"' })
      return true
    })
    const home = temporaryFolder('registry-home')
    const file = join(home, '.docker/config.json')
    mkdirSync(dirname(file))
    writeFileSync(file, JSON.stringify({ auths: { [`${server.host}/app`]: auth('filed') } }))
    const credentials = undefined as never
    const environment = { XDG_RUNTIME_DIR: home }
    await pull(client({ home, environment, credentials }), `${server.host}/app:v1`)
    await pull(
      client({ environment: { ...environment, REGISTRY_AUTH_FILE: file }, credentials }),
      `${server.host}/app:v1`,
    )
    await pull(client({ environment, authFile: file, credentials }), `${server.host}/app:v1`)
    await expect(pull(client({ environment, credentials }), `${server.host}/app:v1`)).rejects.toMatchObject({
      kind: 'RT_PERMISSION',
    })
    await expect(
      pull(client({ environment, authFile: '/nonexistent', credentials }), `${server.host}/app:v1`),
    ).rejects.toMatchObject({ kind: 'RT_NOT_FOUND' })
  })
})
