// requires openssl, and ports of 127.0.0.1
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { pull } from '../src/index.js'
import { certificates } from './support/certificates.js'
import { putImage } from './support/images.js'
import { send, sha256, type TestRegistry } from './support/registry-server.js'
import { bytesOf, client, registry } from './support/set-up.js'

const LAYER = 'content'
const password = { kind: 'password', username: 'user', password: 'secret' } as const

/** Leads requests for the layer elsewhere. */
const leads = (server: TestRegistry, status: number, to: (url: string) => string): void => {
  server.rules.push((request, response) => {
    if (!request.url?.includes(`blobs/${sha256(LAYER)}`)) return
    send(response, status, { location: to(request.url) })
    return true
  })
}

async function layerOf(server: TestRegistry, options: Parameters<typeof client>[0] = {}) {
  putImage(server, 'app', 'v1', { layer: LAYER })
  const image = await pull(client(options), `${server.host}/app:v1`)
  return bytesOf(image.openBlob(image.manifest.layers[0]!))
}

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('%i is followed, to another host too', async (status) => {
    const [server, store] = [await registry(), await registry()]
    store.putBlob('app', LAYER)
    leads(server, status, (url) => `http://${store.host}${url}?signature=x`)
    expect(String(await layerOf(server))).toBe(LAYER)
    expect(store.seen[0]).toMatchObject({ host: store.host, authorization: undefined })
  })

  it('take no credentials to another origin, and keep them on the same', async () => {
    const [server, store] = [await registry(), await registry()]
    store.putBlob('app', LAYER)
    server.rules.push((request, response) => {
      if (request.headers.authorization) return
      send(response, 401, { 'www-authenticate': 'Basic realm="x"' })
      return true
    })
    leads(server, 307, (url) => (url.includes('again') ? `http://user:pass@${store.host}${url}` : `${url}?again`))
    expect(String(await layerOf(server, { credentials: () => password }))).toBe(LAYER)
    const asked = server.seen.filter(({ url }) => url.includes('again'))
    expect(asked.at(-1)?.authorization).toMatch(/^Basic /)
    expect(store.seen).toHaveLength(1)
    expect(store.seen[0]?.authorization).toBeUndefined()
  })

  it('end after five', async () => {
    const server = await registry()
    let hops = 0
    leads(server, 302, (url) => `${url.split('?')[0]}?${++hops}`)
    await expect(layerOf(server)).rejects.toMatchObject({
      kind: 'RT_LIMIT',
      message: expect.stringContaining('more than 5 redirects'),
    })
    expect(server.count(sha256(LAYER))).toBe(6)
  })

  it('end in a circle', async () => {
    const server = await registry()
    leads(server, 302, (url) => url)
    await expect(layerOf(server)).rejects.toMatchObject({ kind: 'RT_LIMIT' })
  })

  it('never go from https to http, not even here', async (context) => {
    needs(context, 'openssl')
    const { key, cert, ca } = certificates()
    const [server, store] = [await registry({ tls: { key, cert } }), await registry()]
    store.putBlob('app', LAYER)
    leads(server, 302, (url) => `http://${store.host}${url}?signature=secret`)
    const error = await layerOf(server, { certsDirectories: [ca.directoryFor(server.host)] }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ kind: 'RT_UNSAFE', message: expect.stringContaining('from https to http:') })
    expect(JSON.stringify(error) + String(error)).not.toContain('secret')
    expect(store.seen).toEqual([])
  })

  it('never go to plain http on a host that may not be plain', async () => {
    const server = await registry()
    leads(server, 302, () => 'http://registry.invalid/x')
    await expect(layerOf(server)).rejects.toMatchObject({
      kind: 'RT_UNSAFE',
      message: expect.stringContaining('plain http is not allowed'),
    })
  })

  it.each(['ftp://127.0.0.1/x', 'file:///etc/passwd', 'http://[', 'data:,x'])('to %s are refused', async (location) => {
    const server = await registry()
    leads(server, 302, () => location)
    await expect(layerOf(server)).rejects.toThrow(/redirects to/)
  })
})
