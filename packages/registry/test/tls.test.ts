// requires openssl, and ports of 127.0.0.1
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { Connections } from '../src/http/connections.js'
import { isLoopback } from '../src/http/plain-http.js'
import { head } from '../src/index.js'
import { certificates } from './support/certificates.js'
import { putImage } from './support/images.js'
import { client, registry } from './support/set-up.js'

async function secured(more: Parameters<typeof registry>[0] = {}) {
  const { key, cert } = certificates()
  const server = await registry({ ...more, tls: { key, cert, ...more.tls } })
  putImage(server, 'app', 'v1')
  return { server, name: `${server.host}/app:v1` }
}

describe('TLS', () => {
  beforeEach((context) => needs(context, 'openssl'))

  it('believes the CA that certs.d has for the host and port, and no other', async () => {
    const { server, name } = await secured()
    const { ca } = certificates()
    const ask = (directory: string) => head(client({ certsDirectories: ['/nonexistent', directory] }), name)
    expect(await ask(ca.directoryFor(server.host))).toMatchObject({ size: expect.any(Number) })
    expect(server.seen.length).toBeGreaterThan(0)
    const before = server.seen.length
    // Another host's CA; and loopback is no excuse to speak plain http when a certificate isn't believed.
    await expect(ask(ca.directoryFor('127.0.0.1:1'))).rejects.toMatchObject({
      kind: 'RT_NETWORK',
      hint: expect.stringContaining(`certs.d/${server.host}/ca.crt`),
    })
    expect(server.seen).toHaveLength(before)
  })

  it('checks nothing with tlsVerify: false, or where registries.conf says insecure', async () => {
    const { server, name } = await secured()
    expect(await head(client({ tlsVerify: false }), name)).toBeDefined()
    const registriesConf = join(temporaryFolder('registries'), 'registries.conf')
    writeFileSync(registriesConf, `[[registry]]\nlocation="${server.host}"\ninsecure=true`)
    expect(await head(client({ registriesConf }), name)).toBeDefined()
  })

  it('checks the rest of a host of which one prefix is insecure', async () => {
    const { server } = await secured()
    putImage(server, 'dev/app', 'v1')
    const registriesConf = join(temporaryFolder('registries'), 'registries.conf')
    writeFileSync(registriesConf, `[[registry]]\nprefix="${server.host}/dev"\ninsecure=true`)
    const asked = client({ registriesConf })
    expect(await head(asked, `${server.host}/dev/app:v1`)).toBeDefined()
    await expect(head(asked, `${server.host}/app:v1`)).rejects.toMatchObject({ kind: 'RT_NETWORK' })
  })

  it('refuses a certificate for another name', async () => {
    const { server } = await secured()
    const { ca } = certificates()
    const host = `127.0.0.2:${server.port}`
    const asked = head(client({ certsDirectories: [ca.directoryFor(host)] }), `${host}/app:v1`)
    // 127.0.0.2 is this machine, but the server listens on 127.0.0.1 alone; the name "localhost" it does have.
    await expect(asked).rejects.toMatchObject({ kind: 'RT_NETWORK' })
    const local = `localhost:${server.port}`
    expect(await head(client({ certsDirectories: [ca.directoryFor(local)] }), `${local}/app:v1`)).toBeDefined()
  })

  it('shows the client certificate of certs.d', async () => {
    const { key, cert, ca, client: ours } = certificates()
    const { server, name } = await secured({ tls: { key, cert, ca: ca.pem, requestCert: true } })
    const pair = { 'client.cert': ours.cert, 'client.key': ours.key }
    expect(await head(client({ certsDirectories: [ca.directoryFor(server.host, pair)] }), name)).toBeDefined()
    await expect(
      head(client({ certsDirectories: [ca.directoryFor(server.host)], retry: { totalMilliseconds: 50 } }), name),
    ).rejects.toMatchObject({ kind: 'RT_NETWORK' })
    const half = ca.directoryFor(server.host, { 'client.cert': ours.cert })
    await expect(head(client({ certsDirectories: [half] }), name)).rejects.toMatchObject({
      kind: 'RT_INVALID_CONFIG',
      message: expect.stringContaining('needs client.key beside it'),
    })
  })

  it('believes NODE_EXTRA_CA_CERTS beside certs.d', async () => {
    const { server, name } = await secured()
    const { ca } = certificates()
    const file = join(temporaryFolder('registry-extra'), 'extra.pem')
    writeFileSync(file, ca.pem)
    // certs.d has some other CA: the server's own certificate, which signs nothing.
    const certsDirectories = [ca.directoryFor(server.host, { 'ca.crt': certificates().client.cert })]
    await expect(head(client({ certsDirectories }), name)).rejects.toMatchObject({ kind: 'RT_NETWORK' })
    expect(await head(client({ certsDirectories, environment: { NODE_EXTRA_CA_CERTS: file } }), name)).toBeDefined()
  })
})

describe('plain http', () => {
  it.each(['localhost', 'a.localhost', '127.0.0.1', '127.9.9.9', '[::1]', '::1', 'LOCALHOST'])('is for %s', (host) =>
    expect(isLoopback(host)).toBe(true),
  )
  it.each([
    'localhost.example.com',
    '127.0.0.1.example.com',
    '128.0.0.1',
    '1127.0.0.1',
    'example.com',
    '[::2]',
    '10.0.0.1',
  ])('is not for %s', (host) => expect(isLoopback(host)).toBe(false))

  it('is not even tried on another host', async () => {
    const options = { tlsVerify: true, certsDirectories: [], idle: 1_000, userAgent: 'x', environment: {} }
    expect(String(await new Connections(options).baseUrl('example.com:5000'))).toBe('https://example.com:5000/')
  })
})
