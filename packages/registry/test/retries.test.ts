// requires nothing but a port of 127.0.0.1
import { describe, expect, it } from 'vitest'
import { pull, pushDocument } from '../src/index.js'
import { putImage } from './support/images.js'
import { fail, send } from './support/registry-server.js'
import { client, registry } from './support/set-up.js'

describe('429 and 5xx', () => {
  it.each([429, 500, 502, 503, 504])('%i is tried again, of every request', async (status) => {
    const server = await registry()
    const refused = new Set<string>()
    server.rules.push((request, response) => {
      const key = `${request.method} ${request.url}`
      // The probe for TLS gets no further than its first bytes.
      if (refused.has(key)) return
      refused.add(key)
      fail(response, status, 'TOOMANYREQUESTS')
      return true
    })
    const { document } = putImage(server, 'app', 'v1')
    const asked = client()
    const image = await pull(asked, `${server.host}/app:v1`)
    expect(image.config).toBeDefined()
    await pushDocument(asked, `${server.host}/app:v2`, Buffer.from(JSON.stringify(document)))
    expect(server.count('PUT /v2/app/manifests/v2')).toBe(2)
    expect(server.manifests.has('app:v2')).toBe(true)
  })

  it('is not tried again for what no time mends', async () => {
    for (const status of [400, 404, 405, 501, 505]) {
      const server = await registry()
      server.rules.push((_, response) => {
        fail(response, status, 'X')
        return true
      })
      await expect(pull(client(), `${server.host}/app:v1`)).rejects.toMatchObject({ status })
      expect(server.seen).toHaveLength(1)
    }
  })

  it('waits as long as Retry-After says, in seconds or as a date', async () => {
    for (const value of ['1', () => new Date(Date.now() + 2_000).toUTCString()]) {
      const server = await registry()
      putImage(server, 'app', 'v1')
      let storm = true
      server.rules.push((_, response) => {
        if (!storm) return
        storm = false
        send(response, 429, { 'retry-after': typeof value === 'string' ? value : value() })
        return true
      })
      const start = performance.now()
      await pull(client(), `${server.host}/app:v1`)
      expect(performance.now() - start).toBeGreaterThan(950)
    }
  })

  it('ends at once if it would have to wait longer than all may take', async () => {
    const server = await registry()
    server.rules.push((_, response) => {
      send(response, 429, { 'retry-after': '3600' })
      return true
    })
    const start = performance.now()
    await expect(pull(client(), `${server.host}/app:v1`)).rejects.toMatchObject({
      status: 429,
      hint: expect.stringContaining('it asks to wait 3600 s, longer than all retries may take (5 s)'),
    })
    expect(performance.now() - start).toBeLessThan(1_000)
  })

  it('is waited for no longer than the signal allows', async () => {
    const server = await registry()
    server.rules.push((_, response) => {
      send(response, 429, { 'retry-after': '4' })
      return true
    })
    const reason = new Error('enough')
    const controller = new AbortController()
    const start = performance.now()
    const pulled = pull(client(), `${server.host}/app:v1`, { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 50)
    await expect(pulled).rejects.toBe(reason)
    expect(performance.now() - start).toBeLessThan(1_000)
  })

  it('is a storm that ends by one limit for all requests', async () => {
    const server = await registry()
    putImage(server, 'app', 'v1')
    let attempts = 0
    server.rules.push((request, response) => {
      // Each request gets through at the third attempt, until the time for all is up.
      if (request.url?.includes('blobs') && ++attempts) {
        fail(response, 503, 'UNAVAILABLE')
        return true
      }
      return undefined
    })
    const start = performance.now()
    await expect(pull(client({ retry: { totalMilliseconds: 300 } }), `${server.host}/app:v1`)).rejects.toMatchObject({
      status: 503,
      hint: expect.stringMatching(/given up after \d+ attempts and 0\.\d s/),
    })
    expect(performance.now() - start).toBeLessThan(1_000)
    expect(attempts).toBeGreaterThan(4)
  })
})

it('tries a connection again that breaks before the answer, and in the middle of a manifest', async () => {
  const server = await registry()
  putImage(server, 'app', 'v1')
  const { type, bytes } = server.manifests.get('app:v1')!
  let attempts = 0
  server.rules.push((request, response) => {
    if (!request.url?.includes('manifests') || ++attempts > 3) return
    if (attempts < 3) response.destroy()
    else {
      response.writeHead(200, { 'content-type': type, 'content-length': bytes.length })
      response.write(bytes.subarray(0, 10), () => response.destroy())
    }
    return true
  })
  expect((await pull(client(), `${server.host}/app:v1`)).manifest.bytes).toEqual(bytes)
  expect(attempts).toBe(4)
})

it('says whom it cannot reach', async () => {
  const server = await registry()
  const { host } = server
  await server.close()
  await expect(pull(client(), `${host}/app:v1`)).rejects.toMatchObject({
    kind: 'RT_NETWORK',
    message: expect.stringContaining(`cannot reach ${host}`),
    hint: expect.stringContaining('nothing listens there'),
  })
})
