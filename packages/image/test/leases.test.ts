// requires busybox, ports of 127.0.0.1
import { spawn } from 'node:child_process'
import { existsSync, openSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepare } from '@rt/rootfs'
import { tryFlock } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { busyboxRoot, layerTar, ociLayout } from '../../../tooling/fixtures/index.js'
import { holdInStore, listImages, pullImage, removeNames, sweep } from '../src/index.js'
import { placesOf } from '../src/store/open-store.js'
import { putLayout, testClient, testRegistry, testStore } from './support/set-up.js'

const layout = ociLayout({ layers: [layerTar(busyboxRoot())] })

async function storeWithImage() {
  const registry = await testRegistry()
  putLayout(registry, 'app', 'v1', layout)
  const store = testStore()
  const { image } = await pullImage(store, testClient(), `${registry.host}/app:v1`)
  return { store, image }
}
const blobsOf = (store: { layout: string }) => readdirSync(join(store.layout, 'blobs/sha256'))

describe('a sweep', () => {
  it('takes nothing that a name leads to', async () => {
    const { store } = await storeWithImage()
    expect(await sweep(store)).toEqual({ blobs: [], layers: [], partial: 0, bytes: 0 })
    expect(blobsOf(store)).toHaveLength(3)
  })

  it('takes what no name leads to, with its unpacked layers', async () => {
    const { store, image } = await storeWithImage()
    const { rootDir } = store
    using root = await prepare(`oci:${store.layout}@${image.digest}`, { rootDir })
    expect(existsSync(root.lower[0] as string)).toBe(true)
    removeNames(store, () => true)
    const swept = await sweep(store)
    expect(swept.blobs).toHaveLength(3)
    expect(swept.layers).toHaveLength(1)
    expect(swept.bytes).toBe(image.size)
    expect(existsSync(root.lower[0] as string)).toBe(false)
    expect(readdirSync(join(rootDir, 'layers/sha256'))).toEqual([])
    expect(readdirSync(join(rootDir, 'l'))).toEqual([])
    expect(blobsOf(store)).toEqual([])
  })

  it('leaves what a lease holds, with all that it leads to, until the lease ends', async () => {
    const { store, image } = await storeWithImage()
    const { rootDir } = store
    const lease = holdInStore(store)
    using _ = await prepare(`oci:${store.layout}@${image.digest}`, {
      rootDir,
      onLayers: (ids) => lease.holdLayers(ids),
    })
    removeNames(store, () => true)
    // The layers alone: as a container needs them.
    const first = await sweep(store)
    expect([first.blobs.length, first.layers.length]).toEqual([3, 0])
    lease.close()
    expect((await sweep(store)).layers).toHaveLength(1)
  })

  it('leaves the blobs that a held manifest names', async () => {
    const { store, image } = await storeWithImage()
    using lease = holdInStore(store)
    lease.holdBlobs([image.digest])
    removeNames(store, () => true)
    expect((await sweep(store)).blobs).toEqual([])
  })

  it('ends with the last process that has the descriptor', async () => {
    const { store, image } = await storeWithImage()
    const lease = holdInStore(store)
    lease.holdBlobs([image.digest])
    removeNames(store, () => true)
    // The child inherits it, as a supervisor does; it says when it has begun.
    const child = spawn('sh', ['-c', 'echo; read _'], { stdio: ['pipe', 'pipe', 'inherit', lease.fd] })
    await new Promise((resolve) => child.stdout!.once('data', resolve))
    lease.close()
    expect((await sweep(store)).blobs).toEqual([])
    child.stdin!.end()
    await new Promise((resolve) => child.once('close', resolve))
    expect((await sweep(store)).blobs).toHaveLength(3)
    expect(readdirSync(placesOf(store).leases)).toEqual([])
  })

  it('takes downloads that were broken off, and none that goes on', async () => {
    const store = testStore()
    const { ingest } = placesOf(store)
    const [dead, live] = ['1', '2'].map((digit) => join(ingest, `sha256-${digit.repeat(64)}`)) as [string, string]
    for (const path of [dead, live]) writeFileSync(path, 'half')
    const fd = openSync(live, 'r')
    expect(tryFlock(fd)).toBe(true)
    expect(await sweep(store)).toMatchObject({ partial: 1, bytes: 4 })
    expect([existsSync(dead), existsSync(live)]).toEqual([false, true])
  })

  it('removes nothing while a document is damaged, since it leads nobody knows where', async () => {
    const { store, image } = await storeWithImage()
    writeFileSync(join(store.layout, 'blobs', ...image.digest.split(':')), '{}')
    await expect(sweep(store)).rejects.toMatchObject({ code: 'RT_ARCHIVE', hint: 'rt image check --repair' })
    expect(blobsOf(store)).toHaveLength(3)
  })
})

it('leases of the dead are cleared by the next one', () => {
  const store = testStore()
  const { leases } = placesOf(store)
  writeFileSync(join(leases, 'of-the-dead'), '')
  using _ = holdInStore(store)
  expect(readdirSync(leases)).toHaveLength(1)
  expect(listImages(store).images).toEqual([])
})
