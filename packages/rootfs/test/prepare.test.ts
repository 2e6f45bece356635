// requires root, zstd: overlay's privileged form; the same as a plain user is in unprivileged.test.ts
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Progress, prepare, type RootFilesystem, type RootView } from '@rt/rootfs'
import { close, O_DIRECTORY, O_PATH, O_RDONLY, type RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { checkLayerCount } from '../src/prepare/overlay-mount.js'
import { type HeaderSpec, tar } from './support/archive.js'
import { foldersOf } from './support/folders.js'
import { LayoutBuilder, layoutOf, tagged } from './support/layout.js'

const passwd = (name: string): HeaderSpec => ({ path: 'etc/passwd', data: `${name}:x:0:0::/:/bin/sh\n` })

/** A file of the view, as text. */
function text(view: RootView, path: string): string | undefined {
  const fd = view.open(path, O_RDONLY)
  if (fd === undefined) return undefined
  try {
    return readFileSync(fd, 'utf8')
  } finally {
    close(fd)
  }
}

const withView = <T>(root: RootFilesystem, use: (view: RootView) => T): T => {
  const view = root.openView()
  try {
    return use(view)
  } finally {
    view.close()
    root.dispose()
  }
}

describe('prepare: the host and directories', () => {
  it('the host is a layer below', async () => {
    const root = await prepare()
    expect(root).toMatchObject({ kind: 'host', directory: undefined, lower: ['/'], userxattr: false })
    expect(withView(root, (view) => text(view, '/etc/passwd'))).toBe(readFileSync('/etc/passwd', 'utf8'))
  })

  it('a directory is the root, or, ephemeral, a layer below', async () => {
    const path = temporaryFolder('root')
    writeFileSync(join(path, 'f'), 'x')
    symlinkSync('/../../f', join(path, 'link'))
    const root = await prepare(path)
    expect(root).toMatchObject({ kind: 'directory', directory: path, lower: [] })
    withView(root, (view) => {
      expect(view.fd).toBeGreaterThan(2)
      expect(text(view, '/link')).toBe('x')
      expect(text(view, '/f/below')).toBe(undefined)
      expect(view.open('/none', O_PATH)).toBe(undefined)
    })
    expect(await prepare(path, { ephemeral: true })).toMatchObject({ directory: undefined, lower: [path] })
  })
})

describe('prepare: images', () => {
  it('unpacks layers once, and stacks them', async (context) => {
    needs(context, 'root')
    const rootDir = temporaryFolder('cache')
    const layers = [
      tar({ path: 'etc/' }, passwd('base'), { path: 'etc/gone' }, { path: 'bin', type: '2', link: 'usr/bin' }),
      tar({ path: 'etc/' }, passwd('middle'), { path: 'etc/.wh.gone' }, { path: 'usr/bin/sh', data: 'sh' }),
      tar({ path: 'etc/' }, passwd('top')),
    ]
    const source = `oci:${layoutOf(layers, { Cmd: ['/bin/sh'] })}`
    const root = await prepare(source, { rootDir })
    expect(root).toMatchObject({
      kind: 'oci',
      directory: undefined,
      userxattr: false,
      imageConfig: { cmd: ['/bin/sh'] },
    })
    expect(foldersOf(root).map((path) => readFileSync(join(path, 'etc/passwd'), 'utf8').split(':')[0])).toEqual([
      'top',
      'middle',
      'base',
    ])
    withView(root, (view) => {
      expect(view.fd).toBeGreaterThan(2)
      expect(text(view, '/etc/passwd')).toMatch(/^top:/)
      expect(text(view, '/etc/gone')).toBe(undefined)
      expect(text(view, 'bin/sh')).toBe('sh')
      expect(() => view.open('/etc/passwd/x', O_RDONLY | O_DIRECTORY)).not.toThrow()
    })

    const inodes = foldersOf(root).map((path) => statSync(path).ino)
    const progress: Progress[] = []
    const again = await prepare(source, { rootDir, onProgress: (each) => progress.push(each) })
    expect(foldersOf(again).map((path) => statSync(path).ino)).toEqual(inodes)
    expect(progress.at(-1)!.done).toBe(progress.at(-1)!.total)
    again.dispose()
  })

  it('shares the layers that images have in common', async (context) => {
    needs(context, 'root')
    const rootDir = temporaryFolder('cache')
    const base = tar({ path: 'base' })
    const one = await prepare(`oci:${layoutOf([base, tar({ path: 'one' })])}`, { rootDir })
    const two = await prepare(`oci:${layoutOf([base, tar({ path: 'two' })])}`, { rootDir })
    expect(two.lower.at(-1)).toBe(one.lower.at(-1))
    expect(two.lower[0]).not.toBe(one.lower[0])
    // And a tar file with the same bytes.
    const path = join(temporaryFolder('tar'), 'base.tar')
    writeFileSync(path, base)
    expect((await prepare(path, { rootDir })).lower).toEqual([one.lower.at(-1)])
  })

  it('has short names for 120 layers, and a view of them all', async (context) => {
    needs(context, 'root')
    const rootDir = temporaryFolder('cache')
    const layers = Array.from({ length: 120 }, (_, index) => tar(passwd(`layer-${index}`), { path: `file-${index}` }))
    const root = await prepare(`oci:${layoutOf(layers)}`, { rootDir })
    expect(root.lower).toHaveLength(120)
    const names = foldersOf(root).map((path) => path.slice(rootDir.length))
    for (const name of names) expect(name).toMatch(/^\/l\/[0-9a-f]{8}$/)
    // As under /var/lib/rt: overlay's options hold a page.
    expect(names.map((name) => `/var/lib/rt${name}`).join(':').length).toBeLessThan(4000)
    withView(root, (view) => {
      expect(text(view, '/etc/passwd')).toMatch(/^layer-119:/)
      expect(text(view, '/file-0')).toBe('')
    })
  }, 60_000)

  it('of more layers than the kernel stacks are refused before any is unpacked', async (context) => {
    needs(context, 'root')
    const rootDir = join(temporaryFolder('cache'), 'cache')
    const builder = new LayoutBuilder()
    const layer = tar({ path: 'f' })
    builder.index([tagged(builder.manifest(Array.from({ length: 501 }, () => layer)), 'latest')])
    await expect(prepare(`oci:${builder.path}`, { rootDir })).rejects.toMatchObject({
      code: 'RT_LIMIT',
      message: expect.stringContaining('has 501 layers: overlay stacks 500') as string,
    })
    expect(existsSync(rootDir)).toBe(false)
    // What an older kernel says to the probe, and one that can't be asked.
    expect(() => checkLayerCount(129, 'x', () => false)).toThrow(
      expect.objectContaining({ code: 'RT_UNSUPPORTED', message: expect.stringContaining('stacks 128') as string }),
    )
    for (const answer of [true, undefined]) expect(() => checkLayerCount(500, 'x', () => answer)).not.toThrow()
    expect(() => checkLayerCount(128, 'x', () => false)).not.toThrow()
  })

  it('drops what an opaque root hides', async (context) => {
    needs(context, 'root')
    const layers = [tar({ path: 'hidden' }), tar({ path: '.wh..wh..opq' }, { path: 'seen' }), tar({ path: 'top' })]
    const root = await prepare(`oci:${layoutOf(layers)}`, { rootDir: temporaryFolder('cache') })
    expect(
      foldersOf(root)
        .flatMap((path) => readdirSync(path))
        .sort(),
    ).toEqual(['seen', 'top'])
  })

  it('refuses a layer whose content is not what the configuration says, and keeps the good ones', async (context) => {
    needs(context, 'root')
    const rootDir = temporaryFolder('cache')
    const builder = new LayoutBuilder()
    const good = builder.layer(tar({ path: 'good' }))
    const bad = builder.layer(gzipSync(tar({ path: 'bad' })))
    const manifest = builder.manifest([], {
      config: { rootfs: { type: 'layers', diff_ids: [good.diffId, `sha256:${'0'.repeat(64)}`] } },
      manifest: { layers: [good.descriptor, bad.descriptor] },
    })
    builder.index([tagged(manifest, 'latest')])
    await expect(prepare(`oci:${builder.path}`, { rootDir })).rejects.toMatchObject({
      code: 'RT_ARCHIVE',
      message: expect.stringMatching(/^the content of ".*" is damaged: expected sha256:0000/) as string,
    })
    expect(readdirSync(join(rootDir, 'layers/sha256'))).toHaveLength(1)
  })

  it('refuses a layer whose blob was changed', async (context) => {
    needs(context, 'root')
    const rootDir = temporaryFolder('cache')
    const builder = new LayoutBuilder()
    const manifest = builder.manifest([tar({ path: 'f', data: 'good' })])
    builder.index([manifest])
    const { layers } = JSON.parse(
      readFileSync(join(builder.path, 'blobs/sha256', manifest.digest.slice(7)), 'utf8'),
    ) as {
      layers: { digest: string }[]
    }
    const blob = join(builder.path, 'blobs/sha256', layers[0]!.digest.slice(7))
    writeFileSync(blob, tar({ path: 'f', data: 'evil' }))
    await expect(prepare(`oci:${builder.path}`, { rootDir })).rejects.toMatchObject({ code: 'RT_ARCHIVE' })
    expect(readdirSync(join(rootDir, 'layers/sha256'))).toEqual([])
  })
})

describe('prepare: tar files', () => {
  const old = (path: string) => utimesSync(path, 1000, 1000)

  it('is known by content: read once, and again only when it changed', async (context) => {
    needs(context, 'root')
    const rootDir = temporaryFolder('cache')
    const path = join(temporaryFolder('tar'), 'x.tar.gz')
    writeFileSync(path, gzipSync(tar(passwd('one'))))
    old(path)
    const phases: string[] = []
    const run = async () => {
      phases.length = 0
      const root = await prepare(path, { rootDir, onProgress: ({ phase }) => phases.push(phase) })
      return withView(root, (view) => text(view, '/etc/passwd')!.split(':')[0])
    }
    expect(await run()).toBe('one')
    expect(new Set(phases)).toEqual(new Set(['hash', 'unpack']))
    // Changed less than two seconds ago: it is not trusted by its times yet.
    expect(readdirSync(rootDir)).not.toContain('files')
    await new Promise((resolve) => setTimeout(resolve, 2100))
    expect(await run()).toBe('one')
    expect(await run()).toBe('one')
    expect(phases).not.toContain('hash')

    writeFileSync(path, gzipSync(tar(passwd('two'))))
    old(path)
    expect(await run()).toBe('two')
    expect(phases).toContain('hash')
  })

  it('the same content elsewhere is the same layer', async (context) => {
    needs(context, 'root')
    const rootDir = temporaryFolder('cache')
    const folder = temporaryFolder('tar')
    for (const name of ['a.tar', 'b.tar']) writeFileSync(join(folder, name), tar({ path: 'f' }))
    const [a, b] = [
      await prepare(join(folder, 'a.tar'), { rootDir }),
      await prepare(join(folder, 'b.tar'), { rootDir }),
    ]
    expect(a.lower).toEqual(b.lower)
  })

  it('is refused when damaged, without a trace in the cache', async (context) => {
    needs(context, 'root')
    const rootDir = temporaryFolder('cache')
    const path = join(temporaryFolder('tar'), 'x.tar')
    // Cut within the content of its member.
    writeFileSync(path, tar({ path: 'f', data: 'x' }).subarray(0, 600))
    await expect(prepare(path, { rootDir })).rejects.toMatchObject({ code: 'RT_ARCHIVE' })
    expect(readdirSync(join(rootDir, 'layers/sha256'))).toEqual([])
    expect(readdirSync(join(rootDir, 'locks'))).toEqual([])
  })
})

describe('prepare: the cache directory', () => {
  const path = () => {
    const file = join(temporaryFolder('tar'), 'x.tar')
    writeFileSync(file, tar({ path: 'f' }))
    return file
  }

  it('is closed to others', async (context) => {
    needs(context, 'root')
    const rootDir = join(temporaryFolder('cache'), 'made/here')
    await prepare(path(), { rootDir })
    expect(statSync(rootDir).mode & 0o777).toBe(0o700)
  })

  it('is refused if others may write to it, or if overlay can’t name it', async (context) => {
    needs(context, 'root')
    const rootDir = temporaryFolder('cache')
    chmodSync(rootDir, 0o777)
    await expect(prepare(path(), { rootDir })).rejects.toMatchObject({ code: 'RT_UNSAFE', origin: 'rootDir' })
    await expect(prepare(path(), { rootDir: '/a:b' })).rejects.toMatchObject({ code: 'RT_INVALID_OPTION' })
    chmodSync(rootDir, 0o700)
    mkdirSync(join(rootDir, 'd'))
    writeFileSync(join(rootDir, 'd/file'), '')
    await expect(prepare(path(), { rootDir: join(rootDir, 'd/file') })).rejects.toMatchObject({ code: 'RT_WRONG_TYPE' })
  })

  it('refuses bad limits, all at once', async () => {
    const error = (await prepare(undefined, { limits: { entries: 0, bytes: Number.NaN } }).catch(
      (e: unknown) => e,
    )) as RtError
    expect(error.complaints?.map(({ path }) => path)).toEqual(['limits.entries', 'limits.bytes'])
  })
})
