// requires busybox, ports of 127.0.0.1; with skopeo the store is read by another tool too
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { busyboxRoot, layerTar, needs, ociLayout } from '../../../tooling/fixtures/index.js'
import { send } from '../../registry/test/support/registry-server.js'
import { findById, findImage, listImages, pullImage, sweep } from '../src/index.js'
import { placesOf } from '../src/store/open-store.js'
import { putLayout, testClient, testRegistry, testStore } from './support/set-up.js'

const layer = layerTar(busyboxRoot())
const layout = ociLayout({ layers: [layer], config: { Cmd: ['sh'] } })
const blob = readFileSync(layer)

describe('a pulled image', () => {
  it('is in the layout under its whole name, for other tools too', async () => {
    const registry = await testRegistry()
    const { digest } = putLayout(registry, 'team/app', 'v1', layout)
    const store = testStore()
    const pulled = await pullImage(store, testClient(), `${registry.host}/team/app:v1`)
    const name = `${registry.host}/team/app:v1`
    expect(pulled).toMatchObject({ name, digest, isNew: true })
    const index = JSON.parse(readFileSync(join(store.layout, 'index.json'), 'utf8'))
    expect(index).toMatchObject({
      schemaVersion: 2,
      manifests: [{ digest, annotations: { 'org.opencontainers.image.ref.name': name } }],
    })
    expect(findImage(store, [name])?.digest).toBe(digest)
    expect(findImage(store, [`${registry.host}/team/app@${digest}`])?.digest).toBe(digest)
    expect(findById(store, pulled.image.id.slice(7, 19)).map((each) => each.name)).toEqual([name])
    expect(findImage(store, [`${registry.host}/team/app:v2`])).toBeUndefined()
  })

  it('is read by skopeo', async (context) => {
    needs(context, 'skopeo')
    const registry = await testRegistry()
    const { digest } = putLayout(registry, 'app', 'latest', layout)
    const store = testStore()
    const { name } = await pullImage(store, testClient(), `${registry.host}/app`)
    const told = execFileSync('skopeo', ['inspect', `oci:${store.layout}:${name}`], { encoding: 'utf8' })
    expect(JSON.parse(told)).toMatchObject({ Digest: digest, Os: 'linux' })
  })

  it('takes one request the second time', async () => {
    const registry = await testRegistry()
    putLayout(registry, 'app', 'v1', layout)
    const [store, client] = [testStore(), testClient()]
    await pullImage(store, client, `${registry.host}/app:v1`)
    registry.seen.length = 0
    expect(await pullImage(store, client, `${registry.host}/app:v1`)).toMatchObject({ isNew: false })
    expect(registry.seen.map(({ method, url }) => `${method} ${url}`)).toEqual(['HEAD /v2/app/manifests/v1'])
  })

  it('whose tag has moved is pulled anew; the old one is swept', async () => {
    const registry = await testRegistry()
    putLayout(registry, 'app', 'v1', layout)
    const [store, client] = [testStore(), testClient()]
    const first = await pullImage(store, client, `${registry.host}/app:v1`)
    putLayout(registry, 'app', 'v1', ociLayout({ layers: [layer], config: { Cmd: ['true'] } }))
    const second = await pullImage(store, client, `${registry.host}/app:v1`)
    expect(second.digest).not.toBe(first.digest)
    expect(listImages(store).images.map(({ digest }) => digest)).toEqual([second.digest])
    const swept = await sweep(store)
    expect([...swept.blobs].sort()).toEqual([first.image.id, first.digest].sort())
  })
})

describe('a download that was broken off', () => {
  const partial = (store: ReturnType<typeof testStore>, digest: string) =>
    join(placesOf(store).ingest, digest.replace(':', '-'))
  const { digest } = JSON.parse(readFileSync(join(layout, 'blobs', ...entryDigest(layout).split(':')), 'utf8'))
    .layers[0] as { digest: string }

  it('goes on from its bytes', async () => {
    const registry = await testRegistry()
    putLayout(registry, 'app', 'v1', layout)
    const store = testStore()
    writeFileSync(partial(store, digest), blob.subarray(0, 1000))
    const seen: number[] = []
    await pullImage(store, testClient(), `${registry.host}/app:v1`, {
      onProgress: ({ status, current }) => void (status === 'downloading' && seen.push(current)),
    })
    expect(registry.seen.find(({ url }) => url.includes(digest))?.range).toBe(`bytes=1000-${blob.length - 1}`)
    expect(seen[0]).toBe(1000)
    expect(seen.at(-1)).toBe(blob.length)
    expect(existsSync(partial(store, digest))).toBe(false)
  })

  it('whose bytes are others begins again', async () => {
    const registry = await testRegistry()
    putLayout(registry, 'app', 'v1', layout)
    const store = testStore()
    writeFileSync(partial(store, digest), Buffer.alloc(1000, 'x'))
    await pullImage(store, testClient(), `${registry.host}/app:v1`)
    expect(readFileSync(join(store.layout, 'blobs', ...digest.split(':'))).equals(blob)).toBe(true)
  })

  it('is kept when it is aborted, and then not asked for again', async () => {
    const registry = await testRegistry()
    putLayout(registry, 'app', 'v1', layout)
    const half = blob.length >> 1
    let isCut = true
    registry.rules.push((request, response) => {
      if (!isCut || !request.url?.includes(digest)) return undefined
      response.writeHead(200, { 'content-length': blob.length })
      response.write(blob.subarray(0, half))
      return true
    })
    const [store, abort] = [testStore(), new AbortController()]
    const reason = new Error('enough')
    let taken = 0
    const pulling = pullImage(store, testClient(), `${registry.host}/app:v1`, {
      signal: abort.signal,
      onProgress({ status, current }) {
        if (status !== 'downloading') return
        taken = current
        // The last chunk is held back until the digest is known.
        if (current > half / 2) abort.abort(reason)
      },
    })
    await expect(pulling).rejects.toBe(reason)
    expect(taken).toBeGreaterThan(0)
    isCut = false
    registry.seen.length = 0
    await pullImage(store, testClient(), `${registry.host}/app:v1`)
    expect(findImage(store, [`${registry.host}/app:v1`])).toBeDefined()
  })

  it('of a blob that is another every time leaves nothing', async () => {
    const registry = await testRegistry()
    putLayout(registry, 'app', 'v1', layout)
    registry.rules.push((request, response) => {
      if (!request.url?.includes(digest)) return undefined
      send(response, 200, {}, Buffer.alloc(blob.length))
      return true
    })
    const store = testStore()
    const pulling = pullImage(store, testClient(), `${registry.host}/app:v1`)
    await expect(pulling).rejects.toMatchObject({ code: 'RT_ARCHIVE', message: expect.stringContaining('is damaged') })
    expect(existsSync(partial(store, digest))).toBe(false)
    expect(listImages(store).images).toEqual([])
  })
})

function entryDigest(from: string): string {
  return JSON.parse(readFileSync(join(from, 'index.json'), 'utf8')).manifests[0].digest as string
}
