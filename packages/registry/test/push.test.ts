// requires nothing but a port of 127.0.0.1
import { describe, expect, it } from 'vitest'
import { OCI_INDEX, OCI_MANIFEST } from '../src/documents/media-types.js'
import { type BlobContent, getDocument, listReferrers, pull, pushBlob, pushDocument } from '../src/index.js'
import { CONFIG_TYPE, putImage } from './support/images.js'
import { fail, send, sha256, type TestRegistry } from './support/registry-server.js'
import { bytesOf, client, listOf, registry } from './support/set-up.js'

const CONTENT = 'the layer of an image'

/** Content that comes in pieces of some bytes. */
const content = (text = CONTENT, piece = 5): BlobContent => ({
  digest: sha256(text),
  size: Buffer.byteLength(text),
  open: async function* () {
    for (let at = 0; at < text.length; at += piece) yield Buffer.from(text.slice(at, at + piece))
  },
})

const stored = (server: TestRegistry, text = CONTENT) => String(server.blobs.get(`app@${sha256(text)}`))

describe('pushBlob', () => {
  it('sends a blob in one request, and not again', async () => {
    const server = await registry()
    const asked = client()
    expect(await pushBlob(asked, `${server.host}/app`, content())).toBe('uploaded')
    expect(stored(server)).toBe(CONTENT)
    expect(server.seen.map(({ method }) => method)).toEqual(['HEAD', 'POST', 'PUT'])
    expect(await pushBlob(asked, `${server.host}/app`, content())).toBe('there already')
    expect(await pushBlob(asked, `${server.host}/app`, content(''))).toBe('uploaded')
  })

  it('uses its connections again', async () => {
    const server = await registry()
    const asked = client()
    putImage(server, 'app', 'v1')
    // Fourteen requests. One connection asks for TLS; a second one is made where the last answer isn't read away yet.
    for (const text of ['a', 'b', 'c']) await pushBlob(asked, `${server.host}/app`, content(text))
    await pull(asked, `${server.host}/app:v1`)
    expect(server.connections).toBeLessThan(5)
  })

  it('stops sending what is refused before all of it was sent', async () => {
    const server = await registry()
    server.rules.push((request, response) => {
      if (request.method !== 'PUT') return
      fail(response, 403, 'DENIED')
      return true
    })
    let sent = 0
    const size = 1 << 30
    const open = async function* () {
      for (; sent < size; sent += 65536) yield Buffer.alloc(65536)
    }
    await expect(pushBlob(client(), `${server.host}/app`, { digest: sha256(''), size, open })).rejects.toMatchObject({
      status: 403,
    })
    expect(sent).toBeLessThan(64 << 20)
  })

  it('mounts it from another repository', async () => {
    const server = await registry()
    server.putBlob('team/base', CONTENT)
    expect(await pushBlob(client(), `${server.host}/app`, content(), { mountFrom: ['other', 'team/base'] })).toBe(
      'mounted',
    )
    expect(stored(server)).toBe(CONTENT)
    expect(server.count('PUT')).toBe(0)
    await expect(pushBlob(client(), `${server.host}/app`, content(), { mountFrom: ['../x'] })).rejects.toThrow(
      'is no part',
    )
  })

  it('sends it where the mount is not allowed', async () => {
    const server = await registry()
    server.rules.push((request, response) => {
      if (!request.url?.includes('mount=')) return
      fail(response, 403, 'DENIED')
      return true
    })
    expect(await pushBlob(client(), `${server.host}/app`, content(), { mountFrom: ['secret'] })).toBe('uploaded')
  })

  it.each([1, 4, 7, 20, 21, 22, 1000])('sends it in chunks of %i', async (chunkSize) => {
    const server = await registry()
    expect(await pushBlob(client(), `${server.host}/app`, content(), { chunkSize })).toBe('uploaded')
    expect(stored(server)).toBe(CONTENT)
    expect(server.count('PATCH')).toBe(Math.ceil(CONTENT.length / chunkSize))
    expect(await pushBlob(client(), `${server.host}/app`, content('x'), { chunkSize })).toBe('uploaded')
    expect(await pushBlob(client(), `${server.host}/app`, content(''), { chunkSize })).toBe('uploaded')
  })

  it("keeps to the server's minimum", async () => {
    const server = await registry({ chunkMinimum: 10 })
    await pushBlob(client(), `${server.host}/app`, content(), { chunkSize: 4 })
    expect(server.count('PATCH')).toBe(3)
    expect(stored(server)).toBe(CONTENT)
  })

  it('takes chunks where one request is too large', async () => {
    const server = await registry()
    server.rules.push((request, response) => {
      if (request.method !== 'PUT' || request.headers['content-length'] === '0') return
      send(response, 413)
      return true
    })
    expect(await pushBlob(client(), `${server.host}/app`, content())).toBe('uploaded')
    expect(stored(server)).toBe(CONTENT)
  })

  it('sends the whole again when the connection breaks in the middle', async () => {
    const server = await registry()
    let broken = false
    server.rules.push((request) => {
      if (request.method !== 'PUT' || broken) return
      broken = true
      request.once('data', () => request.destroy())
      return true
    })
    expect(await pushBlob(client(), `${server.host}/app`, content())).toBe('uploaded')
    expect(server.count('PUT')).toBe(2)
    expect(stored(server)).toBe(CONTENT)
  })

  it('begins a new upload where the registry kept a part of the old one', async () => {
    const server = await registry()
    let broken = 0
    server.rules.push((request, response) => {
      if (request.method !== 'PUT' || broken === 2) return
      const id = new URL(request.url!, 'http://x').searchParams.get('state')!
      broken++
      if (broken === 2) send(response, 416)
      else {
        server.takePart(id, Buffer.from(CONTENT.slice(0, 5)))
        request.destroy()
      }
      return true
    })
    expect(await pushBlob(client(), `${server.host}/app`, content())).toBe('uploaded')
    expect(stored(server)).toBe(CONTENT)
    expect(server.count('POST')).toBe(2)
  })

  it.each([{}, { chunkSize: 10 }])('knows that it is there when only the answer got lost: %j', async (options) => {
    const server = await registry()
    let broken = false
    server.rules.push((request, response) => {
      if (request.method !== 'PUT') return
      if (broken) send(response, 404)
      else {
        broken = true
        server.putBlob('app', CONTENT)
        request.resume().on('end', () => response.destroy())
      }
      return true
    })
    expect(await pushBlob(client(), `${server.host}/app`, content(), options)).toBe('uploaded')
    expect(server.count('PUT')).toBe(2)
  })

  it('does not repeat an upload that is refused', async () => {
    const server = await registry()
    server.rules.push((request, response) => {
      if (request.method !== 'PUT') return
      request.resume()
      fail(response, 400, 'SIZE_INVALID', 'over quota')
      return true
    })
    await expect(pushBlob(client(), `${server.host}/app`, content())).rejects.toMatchObject({
      status: 400,
      registryErrors: [{ code: 'SIZE_INVALID' }],
    })
    expect(server.count('PUT')).toBe(1)
  })

  it('goes on with a chunk from where the registry has it, whatever part arrived', async () => {
    for (let arrived = 0; arrived <= CONTENT.length; arrived++) {
      const server = await registry()
      let broken = false
      server.rules.push((request) => {
        if (request.method !== 'PATCH' || broken) return
        broken = true
        const id = new URL(request.url!, 'http://x').searchParams.get('state')!
        server.takePart(id, Buffer.from(CONTENT.slice(0, arrived)))
        request.destroy()
        return true
      })
      expect(await pushBlob(client(), `${server.host}/app`, content(), { chunkSize: 1000 })).toBe('uploaded')
      expect(stored(server)).toBe(CONTENT)
    }
  })

  it('gives up on a registry that loses chunks', async () => {
    const server = await registry()
    server.rules.push((request, response) => {
      if (request.method !== 'PATCH') return
      send(response, 202, { location: request.url!, range: '0-0' })
      return true
    })
    await expect(pushBlob(client(), `${server.host}/app`, content(), { chunkSize: 10 })).rejects.toMatchObject({
      kind: 'RT_REGISTRY',
    })
    expect(server.count('PATCH')).toBeLessThan(20)
  })

  it('refuses content that is not what it is said to be, and the registry gets nothing', async () => {
    const server = await registry()
    for (const chunkSize of [undefined, 4]) {
      const options = chunkSize === undefined ? {} : { chunkSize }
      const push = (wrong: Partial<BlobContent>) =>
        pushBlob(client(), `${server.host}/app`, { ...content(), ...wrong }, options)
      await expect(push({ digest: sha256('other') })).rejects.toMatchObject({
        kind: 'RT_ARCHIVE',
        message: expect.stringContaining('has the digest'),
      })
      await expect(push({ size: 5 })).rejects.toThrow('is longer than the 5 bytes')
      await expect(push({ size: 50 })).rejects.toThrow('is said to have 50')
      const failure = new Error('disk on fire')
      const open = async function* () {
        yield Buffer.from('x')
        throw failure
      }
      await expect(push({ open })).rejects.toBe(failure)
    }
    expect(server.blobs.size).toBe(0)
    await expect(pushBlob(client(), `${server.host}/app`, { ...content(), size: -1 })).rejects.toThrow(
      'size is a number',
    )
    await expect(pushBlob(client(), `${server.host}/app`, { ...content(), digest: 'md5:0' })).rejects.toThrow(
      'only sha256',
    )
    await expect(pushBlob(client(), `${server.host}/app`, content(), { chunkSize: 0 })).rejects.toThrow('chunkSize')
  })

  it('refuses a place that is none, or on a plain host', async () => {
    for (const [location, kind] of [
      ['', 'RT_REGISTRY'],
      ['http://[', 'RT_REGISTRY'],
      ['http://registry.invalid/upload', 'RT_UNSAFE'],
    ] as const) {
      const server = await registry()
      server.rules.push((request, response) => {
        if (request.method !== 'POST') return
        send(response, 202, location === '' ? {} : { location })
        return true
      })
      await expect(pushBlob(client(), `${server.host}/app`, content())).rejects.toMatchObject({ kind })
    }
  })

  it('sends it without credentials to the other host that the registry names', async () => {
    const [server, store] = [await registry(), await registry()]
    server.rules.push((request, response) => {
      if (!request.headers.authorization) send(response, 401, { 'www-authenticate': 'Basic realm="x"' })
      else if (request.method === 'POST') send(response, 202, { location: `http://${store.host}/put` })
      else return
      return true
    })
    store.rules.push((request, response) => {
      request.resume().on('end', () => send(response, 201))
      return true
    })
    const credentials = () => ({ kind: 'password', username: 'u', password: 'p' }) as const
    expect(await pushBlob(client({ credentials }), `${server.host}/app`, content())).toBe('uploaded')
    expect(store.seen).toMatchObject([{ method: 'PUT', authorization: undefined }])
  })
})

describe('pushDocument', () => {
  const manifest = (server: TestRegistry, more: object = {}) => ({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: CONFIG_TYPE, ...server.putBlob('app', '{}') },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...server.putBlob('app', CONTENT) }],
    ...more,
  })
  const bytes = (document: unknown) => Buffer.from(JSON.stringify(document))

  it('pushes by tag and by digest what can be pulled again', async () => {
    const server = await registry()
    const asked = client()
    const document = bytes(manifest(server))
    const pushed = await pushDocument(asked, `${server.host}/app:v1`, document)
    expect(pushed).toEqual({ mediaType: OCI_MANIFEST, digest: sha256(document), size: document.length })
    const image = await pull(asked, `${server.host}/app:v1`)
    expect(String(await bytesOf(image.openBlob(image.manifest.layers[0]!)))).toBe(CONTENT)
    const index = bytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [pushed] })
    await pushDocument(asked, `${server.host}/app@${sha256(index)}`, index)
    expect(await getDocument(asked, `${server.host}/app@${sha256(index)}`)).toMatchObject({ kind: 'index' })
  })

  it('refuses what pull would refuse, and another digest', async () => {
    const server = await registry()
    const push = (document: Buffer, version = ':v1') => pushDocument(client(), `${server.host}/app${version}`, document)
    await expect(push(bytes(manifest(server, { manifests: [] })))).rejects.toMatchObject({ kind: 'RT_UNSAFE' })
    await expect(push(bytes(manifest(server, { layers: 1 })))).rejects.toMatchObject({ kind: 'RT_ARCHIVE' })
    await expect(push(bytes(manifest(server)), `@${sha256('else')}`)).rejects.toMatchObject({
      kind: 'RT_INVALID_OPTION',
    })
    await expect(push(Buffer.alloc((4 << 20) + 1, ' '))).rejects.toMatchObject({ kind: 'RT_LIMIT' })
    expect(server.seen).toEqual([])
  })

  it('notices a registry that rewrites what it is given', async () => {
    const server = await registry()
    server.rules.push((request, response) => {
      if (request.method !== 'PUT') return
      request.resume()
      send(response, 201, { 'docker-content-digest': sha256('rewritten') })
      return true
    })
    await expect(pushDocument(client(), `${server.host}/app:v1`, bytes(manifest(server)))).rejects.toMatchObject({
      kind: 'RT_REGISTRY',
      hint: expect.stringContaining('signatures'),
    })
  })

  it.each([true, false])('notes its subject, with a referrers API or by the tag: %s', async (referrers) => {
    const server = await registry({ referrers })
    const asked = client()
    const { digest, size } = putImage(server, 'app', 'v1')
    const subject = { mediaType: OCI_MANIFEST, digest, size }
    expect(await listOf(listReferrers(asked, `${server.host}/app`, digest))).toEqual([])
    const types = ['application/x.signature', 'application/x.sbom']
    for (const artifactType of [...types, types[0]]) {
      await pushDocument(
        asked,
        `${server.host}/app:${artifactType?.slice(-3)}`,
        bytes(manifest(server, { subject, artifactType })),
      )
    }
    const all = await listOf(listReferrers(asked, `${server.host}/app`, digest))
    expect(all.map(({ artifactType }) => artifactType)).toEqual(types)
    const some = await listOf(listReferrers(asked, `${server.host}/app`, digest, { artifactType: types[1]! }))
    expect(some.map(({ artifactType }) => artifactType)).toEqual([types[1]])
    expect(server.manifests.has(`app:${digest.replace(':', '-')}`)).toBe(!referrers)
  })
})
