// requires openssl, and ports of 127.0.0.1
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { listTags, pull, pushBlob } from '../src/index.js'
import { certificates } from './support/certificates.js'
import { putImage } from './support/images.js'
import { fail, send, sha256 } from './support/registry-server.js'
import { bytesOf, client, listOf, registry } from './support/set-up.js'
import { TokenServer } from './support/token-server.js'

const password = { kind: 'password', username: 'user', password: 'se:cret' } as const

async function guarded(challenge?: (tokens: TokenServer) => string) {
  const [server, tokens] = [await registry(), await TokenServer.start()]
  putImage(server, 'app', 'v1', { layer: 'content' })
  tokens.guard(server, challenge?.(tokens))
  return { server, tokens, name: `${server.host}/app:v1` }
}

describe('Bearer', () => {
  it('is anonymous without credentials, and asks once per scope', async () => {
    const { server, tokens, name } = await guarded()
    const asked = client()
    const image = await pull(asked, name)
    await bytesOf(image.openBlob(image.manifest.layers[0]!))
    expect(tokens.asked).toEqual([
      {
        method: 'GET',
        scopes: ['repository:app:pull'],
        service: 'tests',
        basic: undefined,
        grantType: null,
        refreshToken: null,
      },
    ])
    await pushBlob(
      asked,
      name,
      {
        digest: sha256('x'),
        size: 1,
        open: async function* () {
          yield Buffer.from('x')
        },
      },
      { mountFrom: ['team/base'] },
    )
    expect(tokens.asked.slice(1).map(({ scopes }) => scopes)).toEqual([
      ['repository:app:pull,push'],
      ['repository:app:pull,push', 'repository:team/base:pull'],
    ])
    expect(server.seen.filter(({ authorization }) => authorization === undefined)).toHaveLength(1)
  })

  it('sends a password to the token server by Basic, and never to the registry', async () => {
    const { server, tokens, name } = await guarded()
    tokens.name = 'access_token'
    await pull(client({ credentials: () => password }), name)
    expect(tokens.asked[0]).toMatchObject({ method: 'GET', basic: 'user:se:cret' })
    expect(server.seen.some(({ authorization }) => authorization?.startsWith('Basic'))).toBe(false)
  })

  it('asks by POST with a refresh token, and uses the new one that comes with the answer', async () => {
    const { tokens, name } = await guarded()
    tokens.extra = { refresh_token: 'second' }
    const asked = client({ credentials: () => ({ kind: 'refresh-token', token: 'first' }) })
    const image = await pull(asked, name)
    tokens.valid.clear()
    await bytesOf(image.openBlob(image.manifest.layers[0]!))
    expect(tokens.asked).toMatchObject([
      {
        method: 'POST',
        grantType: 'refresh_token',
        refreshToken: 'first',
        service: 'tests',
        scopes: ['repository:app:pull'],
      },
      { method: 'POST', refreshToken: 'second' },
    ])
  })

  it('sends a token that was given as it is', async () => {
    const { tokens, name } = await guarded()
    tokens.valid.add('given')
    await pull(client({ credentials: () => ({ kind: 'bearer-token', token: 'given' }) }), name)
    expect(tokens.asked).toEqual([])
  })

  it('that no header can hold is no failure of the network, and is not shown', async () => {
    const { name } = await guarded()
    const credentials = () => ({ kind: 'bearer-token', token: 'hush\nhush' }) as const
    const error = await pull(client({ credentials }), name).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ERR_INVALID_CHAR' })
    expect(String(error)).not.toContain('hush')
  })

  it('is renewed in the middle of a pull when the registry refuses the old one', async () => {
    const { server, tokens, name } = await guarded()
    const image = await pull(client(), name)
    tokens.valid.clear()
    expect(String(await bytesOf(image.openBlob(image.manifest.layers[0]!)))).toBe('content')
    expect(tokens.asked).toHaveLength(2)
    expect(server.seen.at(-1)?.authorization).toBe('Bearer token-2')
  })

  it('is renewed in the middle of a blob that broke off', async () => {
    const { server, tokens, name } = await guarded()
    let broken = false
    server.rules.push((request, response) => {
      if (!request.url?.includes(sha256('content')) || broken) return
      broken = true
      tokens.valid.clear()
      response.writeHead(200, { 'content-length': 7 })
      response.write('con', () => setTimeout(() => response.destroy(), 2))
      return true
    })
    const image = await pull(client(), name)
    expect(String(await bytesOf(image.openBlob(image.manifest.layers[0]!)))).toBe('content')
    expect(server.seen.at(-1)).toMatchObject({ range: 'bytes=3-6', authorization: 'Bearer token-2' })
  })

  it('is renewed before it ends, without being refused', async () => {
    const { server, tokens, name } = await guarded()
    tokens.extra = { expires_in: 0.2 }
    const image = await pull(client(), name)
    await new Promise((resolve) => setTimeout(resolve, 150))
    const before = server.seen.length
    await bytesOf(image.openBlob(image.manifest.layers[0]!))
    expect(server.seen.slice(before)).toMatchObject([{ authorization: 'Bearer token-2' }])
  })

  it('is asked for once by requests that run at the same time', async () => {
    const { tokens, name } = await guarded()
    const image = await pull(client(), name)
    tokens.valid.clear()
    const layer = image.manifest.layers[0]!
    await Promise.all([1, 2, 3].map(() => bytesOf(image.openBlob(layer))))
    expect(tokens.asked).toHaveLength(2)
  })

  it('comes first of several challenges in one header, and its scope counts too', async () => {
    const { tokens, name } = await guarded(
      ({ realm }) =>
        `Negotiate, Basic realm="a, b", Bearer realm="${realm}", service="tests", scope="repository:app:pull x:y:z"`,
    )
    await pull(client({ credentials: () => password }), name)
    expect(tokens.asked).toMatchObject([{ scopes: ['repository:app:pull', 'x:y:z'], basic: 'user:se:cret' }])
  })

  it('is tried again when the token server is busy', async () => {
    const { tokens, name } = await guarded()
    tokens.rule = (_, response) => {
      if (tokens.asked.length > 1) return
      fail(response, 503, 'UNAVAILABLE')
      return true
    }
    await pull(client(), name)
    expect(tokens.asked).toHaveLength(2)
  })

  it.each([
    ['{}', 'neither "token" nor "access_token"'],
    ['null', 'neither "token" nor "access_token"'],
    ['<html>', 'no JSON'],
    ['{"token":"a\\r\\nX: y"}', 'characters that no header may have'],
  ])('refuses %s as an answer', async (answer, message) => {
    const { tokens, name } = await guarded()
    tokens.rule = (_, response) => {
      send(response, 200, {}, answer)
      return true
    }
    await expect(pull(client(), name)).rejects.toMatchObject({
      kind: 'RT_REGISTRY',
      message: expect.stringContaining(message),
    })
  })

  it('says that the password is wrong, or that the token is not taken', async () => {
    const { tokens, name } = await guarded()
    tokens.rule = (_, response) => {
      fail(response, 401, 'UNAUTHORIZED', 'incorrect username or password')
      return true
    }
    await expect(pull(client({ credentials: () => password }), name)).rejects.toMatchObject({
      kind: 'RT_PERMISSION',
      registryErrors: [{ message: 'incorrect username or password' }],
    })
    const other = await guarded()
    other.tokens.rule = (_, response) => {
      send(response, 200, {}, '{"token":"wrong"}')
      return true
    }
    await expect(pull(client(), other.name)).rejects.toMatchObject({ kind: 'RT_PERMISSION', status: 401 })
    expect(other.tokens.asked).toHaveLength(1)
  })

  it('is not asked for over plain http by a registry that speaks TLS', async (context) => {
    needs(context, 'openssl')
    const { key, cert, ca } = certificates()
    const [server, tokens] = [await registry({ tls: { key, cert } }), await TokenServer.start()]
    tokens.guard(server)
    const asked = client({ certsDirectories: [ca.directoryFor(server.host)], credentials: () => password })
    await expect(pull(asked, `${server.host}/app:v1`)).rejects.toMatchObject({ kind: 'RT_UNSAFE' })
    expect(tokens.asked).toEqual([])
  })
})

describe('Basic', () => {
  const guardedBy = async (challenge: string | undefined) => {
    const server = await registry()
    putImage(server, 'app', 'v1')
    server.rules.push((request, response) => {
      if (request.headers.authorization === `Basic ${Buffer.from('user:se:cret').toString('base64')}`) return
      send(response, 401, challenge === undefined ? {} : { 'www-authenticate': challenge })
      return true
    })
    return server
  }

  it('sends the password, once it is known to be wanted', async () => {
    const server = await guardedBy('Basic realm="x"')
    expect(await listOf(listTags(client({ credentials: () => password }), `${server.host}/app`))).toEqual(['v1'])
    expect(server.seen.map(({ authorization }) => authorization?.slice(0, 5))).toEqual([undefined, 'Basic'])
  })

  it.each([
    ['Basic realm="x"', undefined, 'wants a user and a password, and there are none'],
    ['Basic realm="x"', { kind: 'refresh-token', token: 'x' } as const, 'there is only a token'],
    ['Negotiate', password, 'by negotiate'],
    [undefined, password, 'answered 401'],
    ['Basic realm="x"', { ...password, password: 'wrong' }, 'answered 401'],
  ])('challenge %j: says what is lacking', async (challenge, credentials, message) => {
    const server = await guardedBy(challenge)
    await expect(pull(client({ credentials: () => credentials }), `${server.host}/app:v1`)).rejects.toMatchObject({
      kind: 'RT_PERMISSION',
      message: expect.stringContaining(message),
    })
  })
})
