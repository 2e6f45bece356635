// requires ports of 127.0.0.1
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/index.js'
import { listTags, pull, pushBlob } from '../src/index.js'
import { putImage } from './support/images.js'
import { fail, send, sha256, type TestRegistry } from './support/registry-server.js'
import { bytesOf, client, listOf, registry } from './support/set-up.js'

const configured = (toml: string, more: Parameters<typeof client>[0] = {}) => {
  const registriesConf = join(temporaryFolder('registries'), 'registries.conf')
  writeFileSync(registriesConf, toml)
  return client({ registriesConf, ...more })
}

const mirrored = (host: string, ...mirrors: TestRegistry[]) =>
  [
    `[[registry]]`,
    `location="${host}"`,
    ...mirrors.map((mirror) => `[[registry.mirror]]\nlocation="${mirror.host}/copy"`),
  ].join('\n')

describe('mirrors', () => {
  it('are asked first, and layers come from where the manifest came from', async () => {
    const [server, mirror] = [await registry(), await registry()]
    putImage(mirror, 'copy/app', 'v1', { layer: 'content' })
    const image = await pull(configured(mirrored(server.host, mirror)), `${server.host}/app:v1`)
    expect(image).toMatchObject({
      place: `${mirror.host}/copy/app`,
      reference: { registry: server.host, repository: 'app' },
    })
    expect(String(await bytesOf(image.openBlob(image.manifest.layers[0]!)))).toBe('content')
    expect(server.seen).toEqual([])
  })

  it('that fail, lack it or lie are passed over with a warning', async () => {
    const [server, down, empty, lying] = [await registry(), await registry(), await registry(), await registry()]
    const { digest } = putImage(server, 'app', 'v1', { layer: 'content' })
    await down.close()
    lying.rules.push((_, response) => {
      send(response, 200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }, '{}')
      return true
    })
    const warnings: string[] = []
    const asked = configured(mirrored(server.host, empty, lying), { onWarning: (message) => warnings.push(message) })
    expect(await pull(asked, `${server.host}/app@${digest}`)).toMatchObject({ place: `${server.host}/app` })
    expect(warnings).toEqual([
      expect.stringContaining(`mirror ${empty.host}/copy/app`),
      expect.stringContaining('is damaged'),
    ])
  })

  it('and the place itself: when all fail each is told', async () => {
    const [server, mirror] = [await registry(), await registry()]
    mirror.rules.push((_, response) => {
      fail(response, 403, 'DENIED')
      return true
    })
    await expect(pull(configured(mirrored(server.host, mirror)), `${server.host}/app:v1`)).rejects.toMatchObject({
      kind: 'RT_NOT_FOUND',
      complaints: [
        { path: `${mirror.host}/copy/app` },
        { path: `${server.host}/app`, message: expect.stringContaining('404') },
      ],
    })
  })

  it('get credentials of their own, are not pushed to, and not asked for tags', async () => {
    const [server, mirror] = [await registry(), await registry()]
    mirror.rules.push((_, response) => {
      send(response, 401, { 'www-authenticate': 'Basic realm="x"' })
      return true
    })
    putImage(server, 'app', 'v1')
    const wanted: string[] = []
    const asked = configured(mirrored(server.host, mirror), {
      credentials: (host, repository) => {
        wanted.push(`${host}/${repository}`)
        return host === server.host ? { kind: 'password', username: 'u', password: 'p' } : undefined
      },
    })
    await pull(asked, `${server.host}/app:v1`)
    expect(wanted).toEqual([`${mirror.host}/copy/app`, `${server.host}/app`])
    expect(mirror.seen.every(({ authorization }) => authorization === undefined)).toBe(true)
    const before = mirror.seen.length
    await pushBlob(asked, `${server.host}/app`, { digest: sha256(''), size: 0, open: async function* () {} })
    expect(await listOf(listTags(asked, `${server.host}/app`))).toEqual(['v1'])
    expect(mirror.seen).toHaveLength(before)
  })
})

describe('search registries', () => {
  const searching = (...servers: TestRegistry[]) =>
    `unqualified-search-registries=[${servers.map(({ host }) => `"${host}"`).join(',')}]\nshort-name-mode="permissive"`

  it('are tried until one has the image', async () => {
    const [first, second] = [await registry(), await registry()]
    putImage(second, 'app', 'v1')
    const asked = configured(searching(first, second))
    expect(await pull(asked, 'app:v1')).toMatchObject({ reference: { registry: second.host } })
    await expect(pull(asked, 'other:v1')).rejects.toMatchObject({ kind: 'RT_NOT_FOUND', complaints: [{}, {}] })
    await expect(listOf(listTags(asked, 'app'))).rejects.toThrow('may be at several registries')
  })

  it('are not passed over because the first one is down', async () => {
    const [first, second] = [await registry(), await registry()]
    putImage(second, 'app', 'v1')
    const asked = configured(searching(first, second), { retry: { totalMilliseconds: 50 } })
    first.rules.push((_, response) => {
      fail(response, 503, 'UNAVAILABLE')
      return true
    })
    await expect(pull(asked, 'app:v1')).rejects.toMatchObject({ status: 503 })
    expect(second.seen).toEqual([])
  })
})
