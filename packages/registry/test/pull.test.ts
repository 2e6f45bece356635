// requires nothing but a port of 127.0.0.1
import { describe, expect, it } from 'vitest'
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../src/documents/media-types.js'
import { getDocument, head, pull } from '../src/index.js'
import { putImage, putIndex } from './support/images.js'
import { fail, send, sha256 } from './support/registry-server.js'
import { bytesOf, client, registry } from './support/set-up.js'

const amd64 = { os: 'linux', architecture: 'amd64' }

describe('pull', () => {
  it('gets an image by tag, by digest, and by latest, and streams its layer', async () => {
    const server = await registry()
    const { digest } = putImage(server, 'team/app', 'v1', { layer: 'content' })
    putImage(server, 'team/app', 'latest')
    const asked = client()
    for (const name of [
      `${server.host}/team/app:v1`,
      `${server.host}/team/app@${digest}`,
      `${server.host}/team/app:other@${digest}`,
    ]) {
      const image = await pull(asked, name)
      expect(image).toMatchObject({ place: `${server.host}/team/app`, manifest: { digest, kind: 'manifest' } })
      expect(JSON.parse(image.config.toString())).toMatchObject(amd64)
      expect(String(await bytesOf(image.openBlob(image.manifest.layers[0]!)))).toBe('content')
    }
    expect((await pull(asked, `${server.host}/team/app`)).reference.tag).toBeUndefined()
    expect(server.count('GET /v2/team/app/manifests/latest')).toBe(1)
  })

  it.each([
    ['OCI', OCI_INDEX, OCI_MANIFEST],
    ['Docker schema 2', DOCKER_LIST, DOCKER_MANIFEST],
  ])('chooses by platform and variant: %s', async (_, indexType, type) => {
    const server = await registry()
    const variants = [
      amd64,
      { ...amd64, variant: 'v2' },
      { ...amd64, variant: 'v3' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
      { os: 'unknown', architecture: 'unknown' },
    ]
    const images = variants.map((platform) =>
      putImage(server, 'app', undefined, { type, platform, layer: JSON.stringify(platform) }),
    )
    putIndex(server, 'app', 'latest', images, indexType)
    const asked = client()
    const chosen = async (platform: { os: string; architecture: string; variant?: string }) =>
      (await pull(asked, `${server.host}/app`, { platform })).manifest.digest
    expect(await chosen(amd64)).toBe(images[0]!.digest)
    expect(await chosen({ ...amd64, variant: 'v2' })).toBe(images[1]!.digest)
    expect(await chosen({ ...amd64, variant: 'v4' })).toBe(images[2]!.digest)
    expect(await chosen({ os: 'linux', architecture: 'arm' })).toBe(images[3]!.digest)
    await expect(chosen({ os: 'linux', architecture: 's390x' })).rejects.toMatchObject({
      kind: 'RT_NOT_FOUND',
      message: expect.stringContaining('no image for linux/s390x'),
      hint: 'it has: linux/amd64, linux/amd64/v2, linux/amd64/v3, linux/arm/v7',
    })
    await expect(chosen({ os: 'windows', architecture: 'amd64' })).rejects.toMatchObject({ kind: 'RT_NOT_FOUND' })
  })

  it('looks into indexes of indexes, to a limit, and never in a circle', async () => {
    const server = await registry()
    let inner = putIndex(server, 'app', undefined, [putImage(server, 'app', undefined)])
    inner = putIndex(server, 'app', 'two', [inner])
    const asked = client()
    expect(await pull(asked, `${server.host}/app:two`, { platform: amd64 })).toMatchObject({
      manifest: { kind: 'manifest' },
    })
    for (let depth = 0; depth < 5; depth++) inner = putIndex(server, 'app', 'deep', [inner])
    await expect(pull(asked, `${server.host}/app:deep`, { platform: amd64 })).rejects.toMatchObject({
      kind: 'RT_LIMIT',
    })
    const many = Array.from({ length: 40 }, (_, at) =>
      putIndex(server, 'app', undefined, [
        { ...putImage(server, 'app', undefined, { platform: { os: 'plan9', architecture: `a${at}` } }) },
      ]),
    )
    putIndex(server, 'app', 'wide', many)
    await expect(pull(asked, `${server.host}/app:wide`, { platform: amd64 })).rejects.toThrow('more than 16 indexes')
  })

  it('warns where the only image is for another platform', async () => {
    const server = await registry()
    putImage(server, 'app', 'v1')
    const warnings: string[] = []
    await pull(client({ onWarning: (message) => warnings.push(message) }), `${server.host}/app:v1`, {
      platform: { os: 'linux', architecture: 'arm64' },
    })
    expect(warnings).toEqual(['the image is for linux/amd64, not for linux/arm64, and there is no other'])
  })

  it('refuses a manifest or a config that is not what its digest or size says', async () => {
    const server = await registry()
    const { digest } = putImage(server, 'app', 'v1')
    const stored = server.manifests.get(`app:${digest}`)!
    server.manifests.set(`app:${digest}`, { ...stored, bytes: Buffer.concat([stored.bytes, Buffer.from(' ')]) })
    await expect(pull(client(), `${server.host}/app@${digest}`)).rejects.toMatchObject({
      kind: 'RT_ARCHIVE',
      message: expect.stringContaining(`expected ${digest}`),
    })
    const { document } = putImage(server, 'app', 'v2', { layer: 'other' })
    server.blobs.set(`app@${document.config.digest}`, Buffer.from('x'.repeat(document.config.size)))
    await expect(pull(client(), `${server.host}/app:v2`)).rejects.toMatchObject({ kind: 'RT_ARCHIVE' })
    server.blobs.set(`app@${document.config.digest}`, Buffer.from('x'))
    await expect(pull(client(), `${server.host}/app:v2`)).rejects.toThrow('the server sends 1 bytes where')
    const image = putImage(server, 'app', undefined)
    putIndex(server, 'app', 'v3', [{ ...image, size: image.size + 1 }])
    await expect(pull(client(), `${server.host}/app:v3`, { platform: amd64 })).rejects.toThrow('its descriptor says')
  })

  it('refuses what the server calls otherwise by Docker-Content-Digest', async () => {
    const server = await registry()
    putImage(server, 'app', 'v1')
    server.rules.push((request, response) => {
      if (!request.url?.includes('/manifests/')) return
      const { type, bytes } = server.manifests.get('app:v1')!
      send(response, 200, { 'content-type': type, 'docker-content-digest': sha256('else') }, bytes)
      return true
    })
    await expect(pull(client(), `${server.host}/app:v1`)).rejects.toMatchObject({ kind: 'RT_ARCHIVE' })
  })

  it('refuses an ambiguous document from the network (CVE-2021-41190)', async () => {
    const server = await registry()
    const { document } = putImage(server, 'app', undefined)
    server.putManifest('app', 'both', OCI_MANIFEST, { ...document, manifests: [] })
    server.putManifest('app', 'lying', OCI_INDEX, document)
    for (const tag of ['both', 'lying']) {
      await expect(pull(client(), `${server.host}/app:${tag}`)).rejects.toMatchObject({ kind: 'RT_UNSAFE' })
    }
  })

  it('stops at 4 MiB of manifest, announced or not, and at a descriptor that says so', async () => {
    const server = await registry()
    let sent = 0
    server.rules.push((request, response) => {
      if (request.url?.endsWith('/manifests/announced'))
        send(response, 200, { 'content-type': OCI_MANIFEST }, Buffer.alloc(5 << 20, ' '))
      else if (request.url?.endsWith('/manifests/endless')) {
        response.writeHead(200, { 'content-type': OCI_MANIFEST })
        const more = (): void => {
          for (let goesOn = true; goesOn && !response.destroyed; sent++)
            goesOn = response.write(Buffer.alloc(65536, ' '))
        }
        response.on('drain', more)
        more()
      } else return
      return true
    })
    const huge = { mediaType: OCI_MANIFEST, digest: sha256(''), size: 5 << 20, platform: amd64 }
    putIndex(server, 'app', 'described', [huge])
    for (const tag of ['announced', 'endless', 'described']) {
      await expect(pull(client(), `${server.host}/app:${tag}`, { platform: amd64 })).rejects.toMatchObject({
        kind: 'RT_LIMIT',
      })
    }
    expect(sent * 65536).toBeLessThan(64 << 20)
  })

  it('says what a registry says', async () => {
    const server = await registry()
    await expect(pull(client(), `${server.host}/app:none`)).rejects.toMatchObject({
      name: 'RegistryError',
      kind: 'RT_NOT_FOUND',
      status: 404,
      registryErrors: [{ code: 'MANIFEST_UNKNOWN', message: '' }],
    })
    server.rules.push((_, response) => {
      fail(response, 403, 'DENIED', 'go \u001b[31maway')
      return true
    })
    const error = await pull(client(), `${server.host}/app:none`).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ kind: 'RT_PERMISSION', status: 403 })
    expect(String(error)).not.toContain('\u001b')
  })

  it('refuses a body that is compressed on the way', async () => {
    const server = await registry()
    putImage(server, 'app', 'v1')
    server.rules.push((_, response) => {
      send(response, 200, { 'content-type': OCI_MANIFEST, 'content-encoding': 'gzip' }, 'x')
      return true
    })
    await expect(pull(client(), `${server.host}/app:v1`)).rejects.toMatchObject({ kind: 'RT_UNSUPPORTED' })
  })

  it('gives up with the reason of the signal', async () => {
    const server = await registry()
    server.rules.push(() => true)
    const reason = new Error('enough')
    const controller = new AbortController()
    const pulled = pull(client(), `${server.host}/app:v1`, { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 50)
    await expect(pulled).rejects.toBe(reason)
    await expect(pull(client(), `${server.host}/app:v1`, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('refuses misspelt options', async () => {
    await expect(pull(client(), 'x', { platfrom: amd64 } as never)).rejects.toThrow('did you mean platform')
    expect(() => client({ tlsverify: false } as never)).toThrow('did you mean tlsVerify')
    expect(() => client({ retry: { totalMilliseconds: -1 } })).toThrow('totalMilliseconds')
  })
})

describe('head', () => {
  it('needs one HEAD, and gets the document where that says too little', async () => {
    const server = await registry()
    const { digest, size } = putImage(server, 'app', 'v1')
    const asked = client()
    expect(await head(asked, `${server.host}/app:v1`)).toEqual({ mediaType: OCI_MANIFEST, digest, size })
    expect(server.count('GET /v2/app')).toBe(0)
    server.rules.push((request, response) => {
      if (request.method !== 'HEAD') return
      send(response, 200, { 'content-type': 'text/plain' })
      return true
    })
    expect(await head(asked, `${server.host}/app:v1`)).toEqual({ mediaType: OCI_MANIFEST, digest, size })
    expect(server.count('GET /v2/app/manifests/v1')).toBe(1)
    server.rules.unshift((request, response) => {
      if (request.method !== 'HEAD') return
      send(response, 405)
      return true
    })
    expect(await head(asked, `${server.host}/app:v1`)).toMatchObject({ digest })
    await expect(head(client(), `${server.host}/app:none`)).rejects.toMatchObject({ kind: 'RT_NOT_FOUND' })
  })
})

describe('getDocument', () => {
  it('gets an index as it is', async () => {
    const server = await registry()
    putIndex(server, 'app', 'v1', [putImage(server, 'app', undefined)])
    expect(await getDocument(client(), `${server.host}/app:v1`)).toMatchObject({
      kind: 'index',
      manifests: [{ platform: amd64 }],
    })
  })
})
