// requires nothing: layouts are read, not unpacked
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openImage } from '@rt/rootfs'
import { formatError, RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { tar } from './support/archive.js'
import { LayoutBuilder, layoutOf, OCI, tagged } from './support/layout.js'

const one = tar({ path: 'one' })
const two = tar({ path: 'two' })
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')
const DOCKER = 'application/vnd.docker'

const failure = async (path: string, tag?: string): Promise<RtError> => {
  try {
    await openImage(path, { tag })
  } catch (error) {
    if (RtError.isInstance(error)) return error
    throw error
  }
  throw new Error('the image was accepted')
}

describe('openImage', () => {
  it('gives layers, the lowest first, with ChainIDs', async () => {
    const image = await openImage(layoutOf([one, two]))
    const [first, second] = image.layers
    expect(first).toMatchObject({ size: one.length, digest: { hex: sha256(one) }, chainId: { hex: sha256(one) } })
    expect(second!.chainId.hex).toBe(sha256(`sha256:${sha256(one)} sha256:${sha256(two)}`))
    expect(readFileSync(second!.path).equals(two)).toBe(true)
  })

  it('gives the fields of the configuration that are used, and no other', async () => {
    const image = await openImage(
      layoutOf([one], {
        Entrypoint: ['/init'],
        Cmd: null,
        Env: ['PATH=/bin', 'EMPTY='],
        WorkingDir: '/srv',
        User: '1000:100',
        StopSignal: 'SIGQUIT',
        Volumes: { '/data': {} },
        ExposedPorts: { '80/tcp': {} },
        Labels: { a: 'b' },
        Hooks: { prestart: [{ path: '/bin/evil' }] },
        Privileged: true,
      }),
    )
    expect(image.config).toEqual({
      entrypoint: ['/init'],
      cmd: [],
      env: ['PATH=/bin', 'EMPTY='],
      workingDir: '/srv',
      user: '1000:100',
      stopSignal: 'SIGQUIT',
      volumes: ['/data'],
      exposedPorts: ['80/tcp'],
      labels: { a: 'b' },
    })
  })

  it('finds the platform in a nested index, and the tag', async () => {
    const builder = new LayoutBuilder()
    const here = process.arch === 'x64' ? 'amd64' : process.arch
    const nested = builder.json(
      {
        schemaVersion: 2,
        manifests: [
          { ...builder.manifest([two]), platform: { os: 'linux', architecture: 'riscv64' } },
          { ...builder.manifest([one]), platform: { os: 'linux', architecture: here } },
        ],
      },
      `${OCI}.index.v1+json`,
    )
    builder.index([tagged(nested, 'v1'), tagged(builder.manifest([one, two]), 'v2')])
    expect((await openImage(builder.path, { tag: 'v1' })).layers).toHaveLength(1)
    expect((await openImage(builder.path, { tag: 'v2' })).layers).toHaveLength(2)
    const foreign = await openImage(builder.path, { tag: 'v1' }, { os: 'linux', architecture: 'riscv64' })
    expect(foreign.layers[0]!.digest.hex).toBe(sha256(two))
  })

  it('without a tag takes the only image, though it has two tags, or the latest', async () => {
    const builder = new LayoutBuilder()
    const image = builder.manifest([one])
    builder.index([tagged(image, 'a'), tagged(image, 'b')])
    expect((await openImage(builder.path)).layers).toHaveLength(1)
    builder.index([tagged(image, 'a'), tagged(builder.manifest([one, two]), 'latest')])
    expect((await openImage(builder.path)).layers).toHaveLength(2)
  })

  it("reads Docker's media types and sha512", async () => {
    const builder = new LayoutBuilder()
    const manifest = builder.manifest([one], {
      algorithm: 'sha512',
      manifest: { mediaType: `${DOCKER}.distribution.manifest.v2+json` },
    })
    builder.index([manifest], { mediaType: `${DOCKER}.distribution.manifest.list.v2+json` })
    expect((await openImage(builder.path)).layers[0]!.digest.algorithm).toBe('sha512')
  })
})

const here = () => ({ os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch })

/** What is wrong → code, and a part of what is printed. */
const WRONG: Record<string, [build: (builder: LayoutBuilder) => string | undefined, code: string, text: string]> = {
  'a tag that is not there': [
    (builder) => {
      builder.index([tagged(builder.manifest([one]), 'v1')])
      return 'v2'
    },
    'RT_NOT_FOUND',
    'has no tag "v2"\n  hint: its tags: "v1"',
  ],
  'a platform of another system': [
    (builder) => {
      builder.index([{ ...builder.manifest([one]), platform: { ...here(), os: 'windows' } }])
      return undefined
    },
    'RT_NOT_FOUND',
    `it has: windows/${here().architecture}`,
  ],
  'several images and no tag': [
    (builder) => {
      builder.index([tagged(builder.manifest([one]), 'a'), tagged(builder.manifest([two]), 'b')])
      return undefined
    },
    'RT_INVALID_OPTION',
    'holds more than one image: say which',
  ],
  'no image for this machine': [
    (builder) => {
      builder.index([{ ...builder.manifest([one]), platform: { os: 'linux', architecture: 'pdp11' } }])
      return undefined
    },
    'RT_NOT_FOUND',
    'it has: linux/pdp11',
  ],
  'no image at all': [
    (builder) => {
      builder.index([])
      return undefined
    },
    'RT_NOT_FOUND',
    'it holds no image',
  ],
  'a manifest that is also an index (CVE-2021-41190)': [
    (builder) => {
      const other = builder.manifest([two])
      builder.index([builder.manifest([one], { manifest: { manifests: [{ ...other, platform: here() }] } })])
      return undefined
    },
    'RT_ARCHIVE',
    'manifests: belongs to a document of another kind',
  ],
  'an index that is also a manifest (CVE-2021-41190)': [
    (builder) => {
      builder.index([builder.manifest([one])], { layers: [], config: {} })
      return undefined
    },
    'RT_ARCHIVE',
    'layers: belongs to a document of another kind',
  ],
  'a manifest that says it is an index': [
    (builder) => {
      const manifest = builder.manifest([one], { manifest: { mediaType: `${OCI}.index.v1+json` } })
      builder.index([{ ...manifest, mediaType: `${OCI}.manifest.v1+json` }])
      return undefined
    },
    'RT_ARCHIVE',
    'mediaType: expected',
  ],
  'a digest that is a path': [
    (builder) => {
      builder.index([{ ...builder.manifest([one]), digest: 'sha256:../../../../etc/passwd' }])
      return undefined
    },
    'RT_ARCHIVE',
    'manifests[0].digest: expected 64 lower-case hex digits',
  ],
  'an algorithm that is a path': [
    (builder) => {
      builder.index([{ ...builder.manifest([one]), digest: `../sha256:${sha256('')}` }])
      return undefined
    },
    'RT_ARCHIVE',
    'expected a sha256 or sha512 digest',
  ],
  'a digest in capitals': [
    (builder) => {
      const manifest = builder.manifest([one])
      builder.index([{ ...manifest, digest: manifest.digest.toUpperCase().replace('SHA256', 'sha256') }])
      return undefined
    },
    'RT_ARCHIVE',
    'lower-case hex digits',
  ],
  'a negative size': [
    (builder) => {
      builder.index([{ ...builder.manifest([one]), size: -1 }])
      return undefined
    },
    'RT_ARCHIVE',
    'manifests[0].size: expected a number of bytes, got -1',
  ],
  'another size': [
    (builder) => {
      builder.index([{ ...builder.manifest([one]), size: 7 }])
      return undefined
    },
    'RT_ARCHIVE',
    'is damaged: expected 7 bytes',
  ],
  'a manifest that was changed': [
    (builder) => {
      const manifest = builder.manifest([one])
      const path = join(builder.path, 'blobs/sha256', manifest.digest.slice(7))
      writeFileSync(path, readFileSync(path, 'utf8').replace('"schemaVersion":2', '"schemaVersion":3'))
      builder.index([manifest])
      return undefined
    },
    'RT_ARCHIVE',
    'is damaged: expected sha256:',
  ],
  'a blob that is missing': [
    (builder) => {
      const manifest = builder.manifest([one])
      rmSync(join(builder.path, 'blobs/sha256', manifest.digest.slice(7)))
      builder.index([manifest])
      return undefined
    },
    'RT_NOT_FOUND',
    'ENOENT',
  ],
  'a blob that is a device': [
    (builder) => {
      const manifest = builder.manifest([one])
      const path = join(builder.path, 'blobs/sha256', manifest.digest.slice(7))
      rmSync(path)
      symlinkSync('/dev/zero', path)
      builder.index([manifest])
      return undefined
    },
    'RT_WRONG_TYPE',
    'expected a file, got something else',
  ],
  'a document of 5 MiB': [
    (builder) => {
      builder.index([])
      truncateSync(join(builder.path, 'index.json'), 5 << 20)
      return undefined
    },
    'RT_LIMIT',
    'more than the 4194304 a document may have',
  ],
  'indexes in one another without end': [
    (builder) => {
      let inner = builder.manifest([one])
      for (let depth = 0; depth < 6; depth++) {
        inner = builder.json({ schemaVersion: 2, manifests: [inner] }, `${OCI}.index.v1+json`)
      }
      builder.index([inner])
      return undefined
    },
    'RT_LIMIT',
    'indexes in one another',
  ],
  'an artifact': [
    (builder) => {
      const config = builder.json({}, 'application/vnd.oci.empty.v1+json')
      builder.index([builder.manifest([one], { manifest: { config } })])
      return undefined
    },
    'RT_ARCHIVE',
    'config.mediaType: "application/vnd.oci.empty.v1+json" is not read here',
  ],
  'an encrypted layer': [
    (builder) => {
      const layers = [builder.blob(one, `${OCI}.layer.v1.tar+encrypted`)]
      builder.index([builder.manifest([one], { manifest: { layers } })])
      return undefined
    },
    'RT_ARCHIVE',
    'layers[0].mediaType: "application/vnd.oci.image.layer.v1.tar+encrypted" is not read here',
  ],
  'fewer DiffIDs than layers': [
    (builder) => {
      builder.index([builder.manifest([one], { config: { rootfs: { type: 'layers', diff_ids: [] } } })])
      return undefined
    },
    'RT_INVALID_CONFIG',
    'rootfs.diff_ids: expected 1, one for each layer, got 0',
  ],
  'another system': [
    (builder) => {
      builder.index([builder.manifest([one], { config: { os: 'windows' } })])
      return undefined
    },
    'RT_INVALID_CONFIG',
    'os: expected "linux", got "windows"',
  ],
  'all that is wrong with a configuration, at once (Volumes: CVE-2022-23648)': [
    (builder) => {
      const image = {
        Env: ['=x', 'NAME', 7],
        Cmd: 'sh',
        WorkingDir: 'relative',
        User: 'a\0b',
        Volumes: { '/../../etc': {}, '/fine': {} },
        Labels: [],
      }
      builder.index([builder.manifest([one], { image })])
      return undefined
    },
    'RT_INVALID_CONFIG',
    [
      'config.Env[2]: expected a string, got 7',
      'config.Env[0]: expected NAME=VALUE, got "=x"',
      'config.Env[1]: expected NAME=VALUE, got "NAME"',
      'config.Env[2]: expected NAME=VALUE, got ""',
      'config.WorkingDir: expected an absolute path, got "relative"',
      'config.Volumes: expected an absolute path without "..", got "/../../etc"',
      'config.Cmd: expected an array, got "sh"',
      'config.User: holds a NUL',
      'config.Labels: expected an object, got []',
    ].join('\n  '),
  ],
  'no JSON': [
    (builder) => {
      writeFileSync(join(builder.path, 'index.json'), '{"schemaVersion":')
      return undefined
    },
    'RT_ARCHIVE',
    'is no JSON',
  ],
  'another version of the layout': [
    (builder) => {
      builder.index([builder.manifest([one])])
      writeFileSync(join(builder.path, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}')
      return undefined
    },
    'RT_ARCHIVE',
    'expected imageLayoutVersion 1.x, got "2.0.0"',
  ],
}

describe('openImage refuses', () => {
  it.for(Object.entries(WRONG))('%s', async ([, [build, code, text]]) => {
    const builder = new LayoutBuilder()
    const error = await failure(builder.path, build(builder))
    expect(error.code).toBe(code)
    expect(formatError(error)).toContain(text)
  })
})
