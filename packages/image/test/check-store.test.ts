// requires busybox, ports of 127.0.0.1
import { readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { busyboxRoot, layerTar, ociLayout } from '../../../tooling/fixtures/index.js'
import { checkStore, findImage, listImages, pullImage } from '../src/index.js'
import { putLayout, testClient, testRegistry, testStore } from './support/set-up.js'

const layout = ociLayout({ layers: [layerTar(busyboxRoot())] })

async function pulled() {
  const registry = await testRegistry()
  putLayout(registry, 'app', 'v1', layout)
  const [store, client, name] = [testStore(), testClient(), `${registry.host}/app:v1`]
  const { image } = await pullImage(store, client, name)
  const parts = { layer: image.manifest.layers[0]!.digest, config: image.id, manifest: image.digest }
  const blob = (part: keyof typeof parts) => join(store.layout, 'blobs', ...parts[part].split(':'))
  return { store, name, parts, blob, again: () => pullImage(store, client, name) }
}

it('finds nothing in a sound store', async () => {
  const { store } = await pulled()
  expect(await checkStore(store)).toEqual([])
})

const damages = {
  emptied: (path: string) => truncateSync(path, 0),
  'cut short': (path: string) => truncateSync(path, readFileSync(path).length - 1),
  changed: (path: string) => {
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(path, bytes)
  },
  gone: (path: string) => unlinkSync(path),
}
const parts = ['layer', 'config', 'manifest'] as const
const cases = parts.flatMap((part) => Object.keys(damages).map((how) => ({ part, how: how as keyof typeof damages })))

it.each(cases)('a $part that is $how is found, leaves the store, and a pull brings it back', async ({ part, how }) => {
  const { store, name, parts: digests, blob, again } = await pulled()
  damages[how](blob(part))
  const found = await checkStore(store)
  if (how !== 'gone') {
    expect(found).toContainEqual(expect.objectContaining({ kind: 'damaged', subject: digests[part], repaired: false }))
  }
  const repaired = await checkStore(store, { repair: true })
  expect(repaired).toContainEqual(expect.objectContaining({ kind: 'missing', subject: name, repaired: true }))
  expect(await checkStore(store)).toEqual([])
  expect(findImage(store, [name])).toBeUndefined()
  expect(await again()).toMatchObject({ isNew: true })
  expect(await checkStore(store)).toEqual([])
  expect(findImage(store, [name])).toBeDefined()
})

it('names that vanished, and an index.json that is none, come back from what rt knows', async () => {
  const { store, name } = await pulled()
  const index = join(store.layout, 'index.json')
  for (const text of ['{"schemaVersion":2,"manifests":[]}', 'cut']) {
    writeFileSync(index, text)
    expect(await checkStore(store)).toContainEqual(expect.objectContaining({ repaired: false }))
    await checkStore(store, { repair: true })
    expect(await checkStore(store)).toEqual([])
    expect(listImages(store).images.map((image) => image.name)).toEqual([name])
    expect(JSON.parse(readFileSync(index, 'utf8')).manifests).toHaveLength(1)
  }
})
