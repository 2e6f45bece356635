// requires a POSIX shell for the helpers, and ports of 127.0.0.1
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/index.js'
import { checkCredentials, eraseCredentials, type LoginOptions, parseRegistry, storeCredentials } from '../src/index.js'
import { send } from './support/registry-server.js'
import { client, registry } from './support/set-up.js'
import { TokenServer } from './support/token-server.js'

const login = { username: 'user', password: 'se:cret' }
const auth = Buffer.from('user:se:cret').toString('base64')

/** A home without files; a helper `keychain` keeps what it is told in a file. */
function home() {
  const folder = temporaryFolder('registry-login')
  const kept = join(folder, 'kept')
  const script = `#!/bin/sh
case $1 in
store) cat > ${kept} ;;
get) if [ -s ${kept} ]; then cat ${kept}; else echo credentials not found in native keychain; exit 1; fi ;;
erase) cat > ${folder}/erased; rm -f ${kept} ;;
esac`
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/docker-credential-keychain'), script)
  chmodSync(join(folder, 'bin/docker-credential-keychain'), 0o755)
  const environment: NodeJS.ProcessEnv = { PATH: `${folder}/bin:/usr/bin:/bin`, XDG_RUNTIME_DIR: join(folder, 'run') }
  const options: LoginOptions = { home: folder, environment }
  const put = (name: string, document: unknown): string => {
    const path = join(folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document, null, 2))
    return path
  }
  const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
  return { folder, options, environment, put, read, kept }
}

describe('storeCredentials', () => {
  it('makes the auth.json of the user where there is no file: for him alone', async () => {
    const { folder, options, read } = home()
    const file = join(folder, '.config/containers/auth.json')
    expect(await storeCredentials('HTTPS://localhost:5000/v2/', login, options)).toEqual({ file, helper: undefined })
    expect(read(file)).toEqual({ auths: { 'localhost:5000': { auth } } })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(file, '..'))).toEqual(['auth.json'])
  })

  it('keeps what else a file holds, its indentation, and its symlink', async () => {
    const { folder, options, put } = home()
    const real = put(
      'dotfiles/config.json',
      '{\n    "HttpHeaders": {"a": "b"},\n    "auths": {"https://localhost:5000/v1/": {"auth": "eDp5"}, "other": {}}\n}',
    )
    mkdirSync(join(folder, '.docker'))
    symlinkSync(real, join(folder, '.docker/config.json'))
    await storeCredentials('localhost:5000', login, options)
    expect(lstatSync(join(folder, '.docker/config.json')).isSymbolicLink()).toBe(true)
    expect(statSync(real).mode & 0o777).toBe(0o600)
    expect(readFileSync(real, 'utf8')).toBe(
      `${JSON.stringify({ HttpHeaders: { a: 'b' }, auths: { other: {}, 'https://localhost:5000/v1/': { auth } } }, null, 4)}\n`,
    )
  })

  it('goes to the file that has the registry, else to the first that is there', async () => {
    const { folder, options, put } = home()
    const runtime = put('run/containers/auth.json', { auths: { 'a.com': { auth } } })
    const docker = put('.docker/config.json', { auths: { 'b.com': { auth } } })
    expect((await storeCredentials('b.com', login, options)).file).toBe(docker)
    expect((await storeCredentials('c.com', login, options)).file).toBe(runtime)
    const environment = { ...options.environment, DOCKER_CONFIG: join(folder, '.docker') }
    expect((await storeCredentials('d.com', login, { ...options, environment })).file).toBe(docker)
    const own = join(folder, 'new/own.json')
    const named = { ...options.environment, REGISTRY_AUTH_FILE: own }
    expect((await storeCredentials('a.com', login, { ...options, environment: named })).file).toBe(own)
    expect((await storeCredentials('a.com', login, { ...options, authFile: join(folder, 'x.json') })).file).toBe(
      join(folder, 'x.json'),
    )
  })

  it('knows Docker Hub by the name that each program looks for', async () => {
    const { options, put, read } = home()
    const docker = put('.docker/config.json', '')
    await storeCredentials('index.docker.io', login, options)
    expect(read(docker)).toEqual({ auths: { 'https://index.docker.io/v1/': { auth } } })
    const own = put('auth.json', {})
    await storeCredentials('docker.io', login, { ...options, authFile: own })
    expect(read(own)).toEqual({ auths: { 'docker.io': { auth } } })
  })

  it.each([{ credsStore: 'keychain' }, { credsStore: 'absent', credHelpers: { 'a.com': 'keychain' } }])(
    'gives them to the helper of %j, and writes no password',
    async (config) => {
      const { options, put, read, kept } = home()
      const file = put('.docker/config.json', config)
      expect(await storeCredentials('a.com', login, options)).toEqual({ file, helper: 'keychain' })
      expect(read(file)).toEqual({ ...config, auths: { 'a.com': {} } })
      expect(read(kept)).toEqual({ ServerURL: 'a.com', Username: 'user', Secret: 'se:cret' })
    },
  )

  it('says that a helper is missing, or in its words what it says', async () => {
    const { folder, options, put } = home()
    const file = put('.docker/config.json', { credsStore: 'absent' })
    await expect(storeCredentials('a.com', login, options)).rejects.toMatchObject({ kind: 'RT_NOT_FOUND' })
    put('bin/docker-credential-absent', '#!/bin/sh\necho the keychain is locked\nexit 1\n')
    chmodSync(join(folder, 'bin/docker-credential-absent'), 0o755)
    await expect(storeCredentials('a.com', login, options)).rejects.toThrow(
      'docker-credential-absent store failed for a.com: the keychain is locked',
    )
    expect(readFileSync(file, 'utf8')).not.toContain('auths')
  })

  it.each<[string, typeof login, string]>([
    ['a.com/team', login, 'is no registry'],
    ['', login, 'is no registry'],
    ['a b', login, 'is no registry'],
    ['a.com', { username: '', password: 'x' }, 'not empty'],
    ['a.com', { username: 'x', password: '' }, 'not empty'],
    ['a.com', { username: 'a:b', password: 'x' }, 'has no ":"'],
  ])('refuses %j as %j', async (name, who, message) => {
    const { folder, options } = home()
    await expect(storeCredentials(name, who, options)).rejects.toMatchObject({
      kind: 'RT_INVALID_OPTION',
      message: expect.stringContaining(message),
    })
    expect(existsSync(join(folder, '.config'))).toBe(false)
  })

  it('touches no file that it does not understand, and quotes nothing of it', async () => {
    const { options, put } = home()
    const file = put('.docker/config.json', '{"auths": {"a.com": {"auth": "c2VjcmV0"')
    const error = await storeCredentials('a.com', login, options).catch((thrown) => thrown)
    expect(error).toMatchObject({ kind: 'RT_INVALID_CONFIG' })
    expect(error.message).not.toContain('c2VjcmV0')
    expect(readFileSync(file, 'utf8')).toContain('c2VjcmV0"')
  })
})

describe('eraseCredentials', () => {
  it('forgets them in all files and helpers, and says where they were', async () => {
    const { folder, options, put, read, kept } = home()
    const first = put('run/containers/auth.json', { auths: { 'a.com': { auth }, 'b.com': { auth } } })
    const docker = put('.docker/config.json', { credsStore: 'keychain' })
    put('kept', { ServerURL: 'a.com', Username: 'user', Secret: 'x' })
    expect(await eraseCredentials('a.com', options)).toEqual([
      { file: first, helper: undefined },
      { file: docker, helper: 'keychain' },
    ])
    expect(read(first)).toEqual({ auths: { 'b.com': { auth } } })
    expect(existsSync(kept)).toBe(false)
    expect(readFileSync(join(folder, 'erased'), 'utf8')).toBe('a.com\n')
    expect(await eraseCredentials('a.com', options)).toEqual([])
  })

  it('takes away what a login with a helper has left in the file', async () => {
    const { options, put, read } = home()
    const file = put('.docker/config.json', { credsStore: 'keychain' })
    await storeCredentials('docker.io', login, options)
    expect(await eraseCredentials('docker.io', options)).toEqual([{ file, helper: 'keychain' }])
    expect(read(file)).toEqual({ credsStore: 'keychain', auths: {} })
  })
})

describe('checkCredentials', () => {
  it('asks with Basic', async () => {
    const server = await registry()
    const right = `Basic ${Buffer.from('user:se:cret').toString('base64')}`
    server.rules.push((request, response) => {
      if (request.headers.authorization === right) return send(response, 200, {}) ?? true
      send(
        response,
        401,
        { 'www-authenticate': 'Basic realm="x"' },
        '{"errors":[{"code":"UNAUTHORIZED","message":"go away"}]}',
      )
      return true
    })
    const as = (password: string) => client({ credentials: () => ({ kind: 'password', username: 'user', password }) })
    await checkCredentials(as('se:cret'), server.host)
    await expect(checkCredentials(as('wrong'), server.host)).rejects.toMatchObject({
      kind: 'RT_PERMISSION',
      message: `${server.host} does not accept these credentials (go away)`,
    })
  })

  it('asks the token server', async () => {
    const server = await registry()
    const tokens = await TokenServer.start()
    tokens.guard(server)
    server.rules.push((_, response) => send(response, 200, {}) ?? true)
    tokens.rule = (_, response) => {
      if (tokens.asked.at(-1)?.basic === 'user:right') return undefined
      send(response, 401, {})
      return true
    }
    const as = (password: string) => client({ credentials: () => ({ kind: 'password', username: 'user', password }) })
    await checkCredentials(as('right'), server.host)
    await expect(checkCredentials(as('wrong'), server.host)).rejects.toMatchObject({
      kind: 'RT_PERMISSION',
      status: 401,
    })
  })

  it('says that it is no registry, or that nobody answers', async () => {
    const server = await registry()
    server.rules.push((_, response) => send(response, 404, {}) ?? true)
    await expect(checkCredentials(client(), server.host)).rejects.toMatchObject({
      kind: 'RT_NOT_FOUND',
      hint: expect.stringContaining('is no registry'),
    })
    await expect(checkCredentials(client({ retry: { totalMilliseconds: 0 } }), '127.0.0.1:1')).rejects.toMatchObject({
      kind: 'RT_NETWORK',
    })
  })
})

it.each([
  ['docker.io', 'docker.io'],
  ['https://index.docker.io/v1/', 'docker.io'],
  ['Localhost:5000/', 'localhost:5000'],
  ['[::1]:5000', '[::1]:5000'],
])('parseRegistry(%j) is %j', (text, host) => {
  expect(parseRegistry(text)).toBe(host)
})
