// requires root, busybox; podman, skopeo and umoci where their archives are read
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { busyboxRoot, layerTar, needs, ociLayout, temporaryFolder } from '../../../tooling/fixtures/index.js'
import {
  checkStore,
  findImage,
  type ImageStore,
  importImage,
  listImages,
  loadDirectory,
  loadImages,
  saveImages,
} from '../src/index.js'
import { placesOf } from '../src/store/open-store.js'
import { testStore } from './support/set-up.js'

const NAME = 'docker.io/library/app:v1'
const layer = layerTar(busyboxRoot())
const layout = ociLayout({ layers: [layer], config: { Cmd: ['sh'] }, tag: 'v1' })

/** A tar of a folder's content. */
function tarOf(folder: string, ...options: string[]): string {
  const file = join(temporaryFolder('tar'), 'archive.tar')
  execFileSync('tar', [...options, '-cf', file, '-C', folder, ...readdirSync(folder)])
  return file
}

async function saved(store: ImageStore, names: readonly string[] = [NAME]): Promise<string> {
  const file = join(temporaryFolder('saved'), 'saved.tar')
  const image = findImage(store, [NAME])!
  await pipeline(Readable.from(saveImages(store, [{ image, names }])), createWriteStream(file))
  return file
}

async function storeWithImage(): Promise<ImageStore> {
  const store = testStore()
  await loadImages(store, tarOf(layout), { wholeName: () => NAME })
  return store
}

const configOf = (at: string) => readdirSync(at).find((name) => /^[0-9a-f]{64}\.json$/.test(name)) as string

/** An archive as docker wrote it before 25: folders by ID, plain layers, one of them a symlink to the other. */
function oldDockerArchive(change: (folder: string) => void = () => {}): string {
  const folder = temporaryFolder('docker-archive')
  const plain = gunzipSync(readFileSync(layer))
  const diffId = `sha256:${createHash('sha256').update(plain).digest('hex')}`
  const config = JSON.stringify({
    os: 'linux',
    architecture: 'amd64',
    config: { Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: [diffId, diffId] },
  })
  const id = createHash('sha256').update(config).digest('hex')
  writeFileSync(join(folder, `${id}.json`), config)
  for (const name of ['one', 'two']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'one/layer.tar'), plain)
  symlinkSync('../one/layer.tar', join(folder, 'two/layer.tar'))
  const Layers = ['one/layer.tar', 'two/layer.tar']
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify([{ Config: `${id}.json`, RepoTags: ['app:v1'], Layers }]))
  change(folder)
  return tarOf(folder)
}

describe('an archive', () => {
  it('that is saved gives the same image again, and the same bytes', async () => {
    const [store, other] = [await storeWithImage(), testStore()]
    const file = await saved(store)
    const [loaded] = await loadImages(other, file)
    expect(loaded).toMatchObject({ names: [NAME], image: { digest: findImage(store, [NAME])?.digest } })
    expect(await checkStore(other)).toEqual([])
    expect(readFileSync(await saved(other)).equals(readFileSync(file))).toBe(true)
    expect(readdirSync(placesOf(other).ingest)).toEqual([])
  })

  it('of old docker is loaded, its symlinks followed', async () => {
    const store = testStore()
    const [loaded] = await loadImages(store, oldDockerArchive())
    expect(loaded).toMatchObject({ names: ['app:v1'], image: { manifest: { layers: [{}, {}] } } })
    expect(await checkStore(store)).toEqual([])
  })

  it('compressed is loaded as well', async () => {
    const file = oldDockerArchive()
    execFileSync('gzip', [file])
    const store = testStore()
    expect(await loadImages(store, `${file}.gz`)).toHaveLength(1)
  })

  it('without names gives an image without one', async () => {
    const [store, other] = [await storeWithImage(), testStore()]
    expect(await loadImages(other, await saved(store, []))).toMatchObject([{ names: [] }])
    expect(listImages(other).images).toMatchObject([{ name: undefined }])
  })

  it.each<[string, (folder: string) => void, string]>([
    ['a layer that is another', (at) => writeFileSync(join(at, 'one/layer.tar'), 'x'), 'the configuration says'],
    ['a configuration that is no JSON', (at) => writeFileSync(join(at, configOf(at)), 'x'), 'no JSON'],
    ['a manifest.json that is none', (at) => writeFileSync(join(at, 'manifest.json'), '{}'), 'expected a list'],
    [
      'a layer that is missing',
      (at) => writeFileSync(join(at, 'manifest.json'), '[{"Config":"none.json","Layers":[]}]'),
      'the archive lacks "none.json"',
    ],
    ['no images at all', (at) => spawnSync('rm', [join(at, 'manifest.json')]), 'holds no images'],
  ])('with %s is refused, and leaves nothing', async (_, change, message) => {
    const store = testStore()
    await expect(loadImages(store, oldDockerArchive(change))).rejects.toMatchObject({
      code: 'RT_ARCHIVE',
      message: expect.stringContaining(message),
    })
    expect(listImages(store).images).toEqual([])
    expect(readdirSync(placesOf(store).ingest)).toEqual([])
  })

  it('of a layout whose blob is damaged is refused', async () => {
    const folder = temporaryFolder('damaged')
    execFileSync('cp', ['-r', `${layout}/.`, folder])
    const blobs = join(folder, 'blobs/sha256')
    for (const name of readdirSync(blobs)) writeFileSync(join(blobs, name), 'x')
    await expect(loadImages(testStore(), tarOf(folder))).rejects.toMatchObject({
      message: expect.stringContaining('is damaged'),
    })
  })
})

describe('beside other tools', () => {
  it('skopeo reads what is saved, as OCI and as Docker archive', async (context) => {
    needs(context, 'skopeo')
    const file = await saved(await storeWithImage())
    for (const source of [`oci-archive:${file}`, `docker-archive:${file}`]) {
      const told = JSON.parse(execFileSync('skopeo', ['inspect', '--config', source], { encoding: 'utf8' }))
      expect(told, source).toMatchObject({ os: 'linux', config: { Cmd: ['sh'] } })
    }
  })

  it.each(['oci-archive', 'docker-archive'])('what skopeo writes as %s is loaded', async (kind, context) => {
    needs(context as never, 'skopeo')
    const file = join(temporaryFolder('skopeo'), 'file.tar')
    execFileSync('skopeo', ['copy', '-q', `oci:${layout}:v1`, `${kind}:${file}:${NAME}`])
    const store = testStore()
    expect(await loadImages(store, file)).toMatchObject([{ names: [NAME] }])
    expect(await checkStore(store)).toEqual([])
  })

  it('and as dir', async (context) => {
    needs(context, 'skopeo')
    const folder = temporaryFolder('dir')
    execFileSync('skopeo', ['copy', '-q', `oci:${layout}:v1`, `dir:${folder}`])
    const store = testStore()
    const { image } = await loadDirectory(store, folder)
    expect(image.manifest.layers).toHaveLength(1)
    expect(await checkStore(store)).toEqual([])
    await expect(loadDirectory(store, '/nonexistent')).rejects.toMatchObject({ code: 'RT_NOT_FOUND' })
  })
})

describe('importImage', () => {
  it('makes an image of a tar, with what it is told', async () => {
    const store = testStore()
    const image = await importImage(store, layer, { name: NAME, config: { Cmd: ['ls'] }, message: 'made' })
    expect(image).toMatchObject({ config: { config: { Cmd: ['ls'] }, history: [{ comment: 'made' }] } })
    expect(findImage(store, [NAME])?.id).toBe(image.id)
    expect(image.manifest.layers[0]?.size).toBe(gunzipSync(readFileSync(layer)).length)
    expect(await checkStore(store)).toEqual([])
  })

  it('makes none of what is no tar, or half of one', async () => {
    const store = testStore()
    const half = join(temporaryFolder('half'), 'half.tar')
    writeFileSync(half, gunzipSync(readFileSync(layer)).subarray(0, 100_000))
    await expect(importImage(store, half)).rejects.toMatchObject({ code: 'RT_ARCHIVE' })
    await expect(importImage(store, '/etc/passwd')).rejects.toMatchObject({ code: 'RT_ARCHIVE' })
    expect(readdirSync(join(store.layout, 'blobs/sha256'))).toEqual([])
    expect(readdirSync(placesOf(store).ingest)).toEqual([])
  })
})
