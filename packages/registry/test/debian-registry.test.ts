// requires docker-registry (Debian's), openssl and ports of 127.0.0.1; for passwords htpasswd (apache2-utils)
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'

import { describe, expect, it, onTestFinished } from 'vitest'
import { debianRegistry, needs } from '../../../tooling/fixtures/index.js'
import { OCI_INDEX, OCI_MANIFEST } from '../src/documents/media-types.js'
import {
  type BlobContent,
  checkCredentials,
  getDocument,
  head,
  listReferrers,
  listTags,
  pull,
  pushBlob,
  pushDocument,
} from '../src/index.js'
import { certificates } from './support/certificates.js'
import { CONFIG_TYPE } from './support/images.js'
import { bytesOf, client, listOf } from './support/set-up.js'

const password = { kind: 'password', username: 'user', password: 'secret' } as const

/** Debian's registry; it is gone after the test. */
async function started(options: Parameters<typeof debianRegistry>[0] = {}): Promise<string> {
  const { host, stop } = await debianRegistry(options)
  onTestFinished(stop)
  return host
}

const content = (bytes: Buffer): BlobContent => ({
  digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  size: bytes.length,
  open: async function* () {
    for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
  },
})

/** Pushes an image of one layer, and pulls it again. */
async function thereAndBack(host: string, options: Parameters<typeof client>[0] = {}): Promise<void> {
  const asked = client(options)
  const layer = randomBytes(3 << 20)
  const config = Buffer.from('{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}')
  const descriptor = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    digest: content(bytes).digest,
    size: bytes.length,
  })
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptor(CONFIG_TYPE, config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
  }
  const name = `${host}/team/app`
  expect(await pushBlob(asked, name, content(layer))).toBe('uploaded')
  expect(await pushBlob(asked, name, content(config), { chunkSize: 10 })).toBe('uploaded')
  expect(await pushBlob(asked, name, content(layer))).toBe('there already')
  expect(await pushBlob(asked, name, content(Buffer.from('x')), { chunkSize: 10 })).toBe('uploaded')
  expect(await pushBlob(asked, name, content(randomBytes(1 << 20)), { chunkSize: 300_000 })).toBe('uploaded')
  expect(await pushBlob(asked, `${host}/other`, content(layer), { mountFrom: ['absent', 'team/app'] })).toBe('mounted')

  const bytes = Buffer.from(JSON.stringify(manifest))
  const pushed = await pushDocument(asked, `${name}:v1`, bytes)
  const index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [{ ...pushed, platform: { os: 'linux', architecture: 'amd64' } }],
  }
  await pushDocument(asked, `${name}:all`, Buffer.from(JSON.stringify(index)))
  expect(await head(asked, `${name}:v1`)).toEqual(pushed)
  expect(await getDocument(asked, `${name}@${pushed.digest}`)).toMatchObject({ kind: 'manifest' })

  const platform = { os: 'linux', architecture: 'amd64' }
  const image = await pull(asked, `${name}:all`, { platform })
  expect(image.config).toEqual(config)
  expect((await bytesOf(image.openBlob(image.manifest.layers[0]!))).equals(layer)).toBe(true)
  const have = (async function* () {
    yield layer.subarray(0, 1_000_000)
  })()
  expect((await bytesOf(image.openBlob(image.manifest.layers[0]!, { have }))).equals(layer.subarray(1_000_000))).toBe(
    true,
  )
  await expect(pull(asked, `${name}:all`, { platform: { os: 'linux', architecture: 's390x' } })).rejects.toMatchObject({
    hint: 'it has: linux/amd64',
  })
  await expect(pull(asked, `${name}:none`)).rejects.toMatchObject({
    status: 404,
    registryErrors: [{ code: 'MANIFEST_UNKNOWN' }],
  })

  // Debian's has no referrers API: the tag it is.
  const signature = Buffer.from(
    JSON.stringify({ ...manifest, artifactType: 'application/x.signature', subject: pushed }),
  )
  await pushDocument(asked, `${name}:signature`, signature)
  expect(await listOf(listReferrers(asked, name, pushed.digest))).toMatchObject([
    { artifactType: 'application/x.signature' },
  ])
  const tags = await listOf(listTags(asked, name, { pageSize: 1 }))
  expect(tags.sort()).toEqual(['all', pushed.digest.replace(':', '-'), 'signature', 'v1'])
}

describe("Debian's docker-registry", () => {
  it('takes and gives images over plain http', async (context) => {
    needs(context, 'docker-registry')
    await thereAndBack(await started())
  })

  it('wants a password, over TLS', async (context) => {
    needs(context, 'docker-registry', 'htpasswd', 'openssl')
    const users = execFileSync('htpasswd', ['-Bbn', 'user', 'secret'], { encoding: 'utf8' })
    const { key, cert, ca } = certificates()
    const host = await started({ users, tls: { key, cert } })
    const certsDirectories = [ca.directoryFor(host)]
    await thereAndBack(host, { certsDirectories, credentials: () => password })
    await checkCredentials(client({ certsDirectories, credentials: () => password }), host)
    const wrong = client({ certsDirectories, credentials: () => ({ ...password, password: 'wrong' }) })
    await expect(checkCredentials(wrong, host)).rejects.toMatchObject({ kind: 'RT_PERMISSION', status: 401 })
    await expect(pull(client({ certsDirectories }), `${host}/team/app:v1`)).rejects.toMatchObject({
      kind: 'RT_PERMISSION',
      hint: expect.stringContaining('login'),
    })
    await expect(
      pull(
        client({ certsDirectories, credentials: () => ({ ...password, password: 'wrong' }) }),
        `${host}/team/app:v1`,
      ),
    ).rejects.toMatchObject({ status: 401, registryErrors: [{ code: 'UNAUTHORIZED' }] })
  })
})
