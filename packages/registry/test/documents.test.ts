// requires nothing
import { describe, expect, it } from 'vitest'
import { readDocument } from '../src/documents/document.js'
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../src/documents/media-types.js'
import { formatPlatform, suitability } from '../src/documents/platform.js'

const blob = { mediaType: 'application/x', digest: `sha256:${'a'.repeat(64)}`, size: 1 }
const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: blob, layers: [blob] }
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [blob] }
const read = (document: unknown, contentType?: string, descriptorType?: string) =>
  readDocument(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)), {
    what: 'it',
    contentType,
    descriptorType,
  })

describe('readDocument', () => {
  it('reads all four types, whatever names them', () => {
    expect(read(manifest, OCI_MANIFEST)).toMatchObject({ kind: 'manifest', config: blob, layers: [blob] })
    expect(read({ ...manifest, mediaType: DOCKER_MANIFEST }, DOCKER_MANIFEST)).toMatchObject({ kind: 'manifest' })
    expect(read(index, `${OCI_INDEX}; charset=utf-8`)).toMatchObject({ kind: 'index', manifests: [blob] })
    expect(read({ ...index, mediaType: DOCKER_LIST }, DOCKER_LIST)).toMatchObject({ kind: 'index' })
    expect(read({ ...manifest, mediaType: undefined }, OCI_MANIFEST)).toMatchObject({ mediaType: OCI_MANIFEST })
    expect(read(manifest, 'application/json')).toMatchObject({ mediaType: OCI_MANIFEST })
    expect(read({ ...manifest, mediaType: undefined }, 'text/plain', OCI_MANIFEST)).toMatchObject({ kind: 'manifest' })
    expect(read({ ...manifest, subject: blob, artifactType: 'a/b' })).toMatchObject({
      subject: blob,
      artifactType: 'a/b',
    })
  })

  it.each([
    ['manifests in a manifest', { ...manifest, manifests: [] }, OCI_MANIFEST, undefined],
    ['layers in an index', { ...index, layers: [] }, OCI_INDEX, undefined],
    ['a config in an index', { ...index, config: null }, OCI_INDEX, undefined],
    ['schema 1 in a manifest', { ...manifest, fsLayers: [] }, OCI_MANIFEST, undefined],
    ['a server that says index', manifest, OCI_INDEX, undefined],
    ['a server that says manifest', index, OCI_MANIFEST, undefined],
    ['a descriptor that says otherwise', manifest, OCI_MANIFEST, DOCKER_MANIFEST],
    ['a server against the descriptor', { ...manifest, mediaType: undefined }, OCI_INDEX, OCI_MANIFEST],
    ['a server that says HTML', manifest, 'text/html', undefined],
  ])('refuses as ambiguous: %s', (_, document, contentType, descriptorType) => {
    expect(() => read(document, contentType, descriptorType)).toThrow(expect.objectContaining({ kind: 'RT_UNSAFE' }))
  })

  it.each([
    ['no JSON', '{', 'RT_ARCHIVE', 'no JSON'],
    ['an array', '[]', 'RT_ARCHIVE', 'expected a JSON object'],
    ['no media type anywhere', { ...manifest, mediaType: undefined }, 'RT_ARCHIVE', 'says what it is'],
    ['a media type that is a number', { ...manifest, mediaType: 1 }, 'RT_ARCHIVE', 'mediaType'],
    [
      'schema 1',
      { schemaVersion: 1, mediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws' },
      'RT_UNSUPPORTED',
      'schema 1',
    ],
    ['something else', { mediaType: 'application/vnd.x' }, 'RT_UNSUPPORTED', 'neither a manifest nor an index'],
    ['another version', { ...manifest, schemaVersion: 3 }, 'RT_ARCHIVE', 'schemaVersion'],
    ['no layers', { ...manifest, layers: undefined }, 'RT_ARCHIVE', 'layers: expected an array'],
    ['no config', { ...manifest, config: undefined }, 'RT_ARCHIVE', 'config: expected a descriptor'],
    ['a negative size', { ...manifest, layers: [{ ...blob, size: -1 }] }, 'RT_ARCHIVE', 'layers[0].size'],
    ['a size that is no integer', { ...manifest, layers: [{ ...blob, size: 1.5 }] }, 'RT_ARCHIVE', 'layers[0].size'],
    ['a size as text', { ...manifest, layers: [{ ...blob, size: '1' }] }, 'RT_ARCHIVE', 'layers[0].size'],
    ['an unknown digest', { ...manifest, layers: [{ ...blob, digest: 'md5:00' }] }, 'RT_ARCHIVE', 'layers[0].digest'],
    [
      'a digest that is a path',
      { ...manifest, layers: [{ ...blob, digest: `sha256:../${'a'.repeat(61)}` }] },
      'RT_ARCHIVE',
      'digest',
    ],
    [
      'no media type of a layer',
      { ...manifest, layers: [{ ...blob, mediaType: '' }] },
      'RT_ARCHIVE',
      'layers[0].mediaType',
    ],
    ['a wrong subject', { ...manifest, subject: 1 }, 'RT_ARCHIVE', 'subject'],
    ['manifests that are none', { ...index, manifests: {} }, 'RT_ARCHIVE', 'manifests: expected an array'],
  ])('refuses %s', (_, document, kind, message) => {
    expect(() => read(document)).toThrow(expect.objectContaining({ kind, message: expect.stringContaining(message) }))
  })

  it('refuses bytes that are not UTF-8', () => {
    expect(() => readDocument(Buffer.from([0x7b, 0xff, 0x7d]), { what: 'it' })).toThrow('no JSON')
  })
})

describe('suitability', () => {
  const suits = (platform: Record<string, unknown> | undefined, variant?: string, architecture = 'amd64') =>
    suitability(platform, { os: 'linux', architecture, variant })

  it('prefers the newest variant that runs', () => {
    const amd64 = (variant?: string) => ({ os: 'linux', architecture: 'amd64', variant })
    expect(suits(amd64())).toBe(1)
    expect(suits(amd64('v3'))).toBeUndefined()
    expect(suits(amd64('v3'), 'v3')).toBeGreaterThan(suits(amd64('v2'), 'v3')!)
    expect(suits(amd64('v4'), 'v3')).toBeUndefined()
    expect(suits({ os: 'windows', architecture: 'amd64' })).toBeUndefined()
    expect(suits(undefined)).toBe(0)
    expect(suits({ os: 'linux', architecture: 'arm', variant: '7' }, undefined, 'arm')).toBeDefined()
    expect(suits({ os: 'linux', architecture: 'arm', variant: 'v8' }, 'v7', 'arm')).toBeUndefined()
    expect(suits({ os: 'linux', architecture: 'arm64', variant: 'v8' }, undefined, 'arm64')).toBeDefined()
    expect(suits({ os: 'linux', architecture: 'riscv64' }, undefined, 'riscv64')).toBe(1)
  })

  it('is shown as it is typed', () => {
    expect(formatPlatform({ os: 'linux', architecture: 'arm', variant: 'v7' })).toBe('linux/arm/v7')
    expect(formatPlatform({ os: 'linux', architecture: 'amd64', variant: '' })).toBe('linux/amd64')
    expect(formatPlatform(undefined)).toBe('any platform')
  })
})
