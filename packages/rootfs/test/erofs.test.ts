// requires root, and Linux 6.12 to mount files; a folder that is no tmpfs
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isNotHeld } from '@rt/erofs'
import { close, O_RDONLY, RtError } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { layerTar, ociLayout, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { LayerIndex } from '../src/erofs/layer-index.js'
import { DEFAULT_LIMITS, discardLayers, erofsObstacle, prepare, removeDiscarded, TarReader } from '../src/index.js'
import { type HeaderSpec, tar } from './support/archive.js'
import { random } from './support/random.js'
import { archivesOf, randomImage } from './support/random-image.js'

const folder = temporaryFolder('erofs-store')
const obstacle = erofsObstacle(folder)

/** What an index says of an archive: the error, or nothing. */
const indexOf = (members: HeaderSpec[]): unknown => errorOf(tar(...members))

function errorOf(bytes: Buffer): unknown {
  const index = new LayerIndex(undefined, DEFAULT_LIMITS)
  const reader = new TarReader(index)
  try {
    reader.write(bytes)
    reader.end()
    index.finish(bytes.length)
    return undefined
  } catch (error) {
    return error
  }
}

describe('what an index can not say', () => {
  it.each<[string, HeaderSpec[]]>([
    ['a hard link to nothing here', [{ path: 'a', type: '1', link: 'b' }]],
    [
      'a hard link to a directory',
      [
        { path: 'd/', type: '5' },
        { path: 'a', type: '1', link: 'd' },
      ],
    ],
    [
      'a path through a symlink',
      [
        { path: 'l', type: '2', link: 'd' },
        { path: 'l/f', data: 'x' },
      ],
    ],
    [
      'a path through a file',
      [
        { path: 'f', data: 'x' },
        { path: 'f/g', data: 'x' },
      ],
    ],
    ['a name that is too long', [{ path: 'n'.repeat(256), data: 'x', pax: [['path', 'n'.repeat(256)]] }]],
    ['an attribute of another kind', [{ path: 'f', data: 'x', pax: [['SCHILY.xattr.btrfs.x', 'y']] }]],
  ])('is %s: the layer is unpacked instead', (_, members) => {
    expect(isNotHeld(indexOf(members))).toBe(true)
  })

  it.each<[string, HeaderSpec[], string]>([
    ['a path with ..', [{ path: '../f', data: 'x' }], 'RT_UNSAFE'],
    ['a root that is a link', [{ path: '.', type: '2', link: 'x' }], 'RT_UNSAFE'],
    ['a whiteout of nothing', [{ path: '.wh.', data: '' }], 'RT_UNSAFE'],
  ])('and what no layer may hold is refused: %s', (_, members, code) => {
    const error = indexOf(members)
    expect(isNotHeld(error)).toBe(false)
    expect(error).toMatchObject({ code })
  })
})

it('archives that are damaged at random are refused, unpacked instead, or indexed: nothing else happens', () => {
  const next = random(9)
  const counts = { refused: 0, unpacked: 0, indexed: 0 }
  for (let time = 0; time < 1500; time++) {
    // Any of its layers, as if it were alone: upper ones have links to what is below them.
    const archives = archivesOf(randomImage(next))
    const bytes = Buffer.from(archives[Math.floor(next() * archives.length)] as Buffer)
    for (let flip = Math.floor(next() * 4); flip > 0; flip--) {
      // In the headers, most likely: there are no long files.
      bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256)
    }
    const error = errorOf(bytes)
    if (error === undefined) counts.indexed++
    else if (isNotHeld(error)) counts.unpacked++
    else if (RtError.isInstance(error)) counts.refused++
    else throw error
  }
  for (const [what, count] of Object.entries(counts)) expect(count, what).toBeGreaterThan(0)
})

describe('where EROFS can not be mounted', () => {
  it('says why on tmpfs', () => {
    expect(erofsObstacle('/dev/shm')).toMatch(/neither tmpfs nor overlayfs|EROFS/)
    expect(readdirSync('/dev/shm').filter((name) => name.startsWith('.probe'))).toEqual([])
  })

  it('"erofs" fails with the reason, "auto" unpacks', async () => {
    const rootDir = '/dev/shm/rt-erofs-test'
    const source = `oci:${ociLayout({ layers: [plainLayer()] })}`
    try {
      await expect(prepare(source, { rootDir, layers: 'erofs' })).rejects.toMatchObject({
        code: 'RT_UNSUPPORTED',
        message: expect.stringContaining("layers can't be EROFS: "),
      })
      using root = await prepare(source, { rootDir, layers: 'auto' })
      expect(root.lower).toEqual([expect.any(String)])
      // Also now that there are folders.
      await expect(prepare(source, { rootDir, layers: 'erofs' })).rejects.toMatchObject({ code: 'RT_UNSUPPORTED' })
    } finally {
      rmSync(rootDir, { recursive: true, force: true })
    }
  })

  it('another word is refused', async () => {
    await expect(prepare(undefined, { layers: 'squashfs' as never })).rejects.toMatchObject({
      code: 'RT_INVALID_OPTION',
    })
  })
})

function plainLayer(): string {
  const from = temporaryFolder('layer-of')
  mkdirSync(join(from, 'etc'))
  writeFileSync(join(from, 'etc/hello'), 'hello\n')
  return layerTar(from)
}

describe('layers as EROFS', () => {
  beforeEach((context) => {
    if (obstacle !== undefined) context.skip(obstacle)
  })
  const source = `oci:${ociLayout({ layers: [plainLayer(), plainLayer()] })}`

  it('are kept once, found again, and shown', async () => {
    const rootDir = join(folder, 'kept')
    for (const layers of ['erofs', 'auto'] as const) {
      using root = await prepare(source, { rootDir, layers })
      expect(root.lower).toEqual([expect.objectContaining({ index: expect.any(String) }), expect.anything()])
      using view = root.openView()
      const fd = view.open('/etc/hello', O_RDONLY) as number
      expect(readFileSync(fd, 'utf8')).toBe('hello\n')
      close(fd)
    }
    expect(readdirSync(join(rootDir, 'erofs/sha256'))).toHaveLength(2)
    expect(existsSync(join(rootDir, 'layers'))).toBe(false)
  })

  it('are of no use where folders are wanted; folders that are there do for "auto"', async () => {
    const rootDir = join(folder, 'both')
    using first = await prepare(source, { rootDir, layers: 'folders' })
    using second = await prepare(source, { rootDir, layers: 'auto' })
    expect(second.lower).toEqual(first.lower)
    expect(existsSync(join(rootDir, 'erofs'))).toBe(false)
  })

  it('are discarded like folders, while what is mounted stays readable', async () => {
    const rootDir = join(folder, 'discarded')
    const root = await prepare(source, { rootDir, layers: 'erofs' })
    using view = root.openView()
    expect(discardLayers(rootDir, () => false)).toHaveLength(2)
    await removeDiscarded(rootDir)
    expect(readdirSync(join(rootDir, 'erofs/sha256'))).toEqual([])
    expect(readdirSync(join(rootDir, 'l'))).toEqual([])
    const fd = view.open('/etc/hello', O_RDONLY) as number
    expect(readFileSync(fd, 'utf8')).toBe('hello\n')
    close(fd)
    root.dispose()
  })

  it('are stacked by the sixty, each over the others', async () => {
    const layers = Array.from({ length: 60 }, (_, index) => {
      const from = temporaryFolder('one-of-60')
      writeFileSync(join(from, `only-${index}`), String(index))
      writeFileSync(join(from, 'last'), String(index))
      return layerTar(from, { compression: 'none' })
    })
    using root = await prepare(`oci:${ociLayout({ layers })}`, { rootDir: join(folder, 'sixty'), layers: 'erofs' })
    expect(root.lower.filter((layer) => typeof layer !== 'string')).toHaveLength(60)
    using view = root.openView()
    const read = (path: string) => {
      const fd = view.open(path, O_RDONLY) as number
      try {
        return readFileSync(fd, 'utf8')
      } finally {
        close(fd)
      }
    }
    expect(['/last', '/only-0', '/only-59'].map(read)).toEqual(['59', '0', '59'])
  })

  it('that are damaged leave nothing', async () => {
    const rootDir = join(folder, 'damaged')
    const layout = ociLayout({ layers: [plainLayer()] })
    const manifest = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests[0].digest.split(':')
    const { layers } = JSON.parse(readFileSync(join(layout, 'blobs', ...manifest), 'utf8'))
    const blob = join(layout, 'blobs', ...(layers[0].digest as string).split(':'))
    const bytes = readFileSync(blob)
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(blob, bytes)
    await expect(prepare(`oci:${layout}`, { rootDir, layers: 'erofs' })).rejects.toMatchObject({ code: 'RT_ARCHIVE' })
    expect(readdirSync(join(rootDir, 'erofs/sha256'))).toEqual([])
  })
})
