// requires skopeo for what another tool writes; root
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { prepare, resolveSource, unpack } from '@rt/rootfs'
import { RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { type HeaderSpec, tar } from './support/archive.js'
import { layoutOf } from './support/layout.js'
import { describeTree } from './support/tree.js'

const file = { path: 'etc/hostname', data: 'right\n' }

/** The image as skopeo's transport writes it. */
function copyTo(transport: string): string {
  const path = join(temporaryFolder('image'), 'x.tar')
  const to = `${transport}:${path}${transport === 'docker-archive' ? ':x:1' : ''}`
  execFileSync('skopeo', ['--insecure-policy', 'copy', `oci:${layoutOf([tar(file)])}:latest`, to], { stdio: 'pipe' })
  return path
}

/** The command that the hint names, run; what comes out is a layout that is read. */
async function followHint({ hint }: RtError): Promise<string> {
  const folder = temporaryFolder('hint')
  const [, command] = /^make an OCI layout of it: (.*); then use oci:LAYOUT:latest$/.exec(hint ?? '') ?? []
  const done = spawnSync('sh', ['-ec', command!.replaceAll('skopeo copy', 'skopeo --insecure-policy copy')], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect(done.stderr).toBe('')
  await unpack(`oci:${folder}/LAYOUT:latest`, `${folder}/root`)
  return readFileSync(`${folder}/root/etc/hostname`, 'utf8')
}

async function refusalOf(action: () => unknown): Promise<RtError> {
  try {
    await action()
  } catch (error) {
    if (RtError.isInstance(error)) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('an image that is an archive', () => {
  it.for(['docker-archive', 'oci-archive'])(
    '%s: is refused by name, with a command that helps',
    async (kind, context) => {
      needs(context, 'root', 'skopeo')
      const plain = copyTo(kind)
      const compressed = `${plain}.gz`
      writeFileSync(compressed, gzipSync(readFileSync(plain)))
      for (const path of [plain, compressed]) {
        const rootDir = temporaryFolder('cache')
        for (const attempt of [() => prepare(path, { rootDir }), () => unpack(path, `${path}.d`)]) {
          const error = await refusalOf(attempt)
          expect(error).toMatchObject({ code: 'RT_WRONG_TYPE', origin: 'SOURCE' })
          expect(error.message).toContain(kind === 'docker-archive' ? 'docker save' : 'an archive of an OCI layout')
          expect(await followHint(error)).toBe('right\n')
        }
        // Nothing of it is kept.
        expect(existsSync(`${path}.d`)).toBe(false)
        expect(readdirSync(join(rootDir, 'layers/sha256'))).toEqual([])
      }
    },
  )

  it('of docker 1.10 to 24, of 25 and newer, or with "./" before the names: all the same', async (context) => {
    needs(context, 'root')
    const hex = 'a'.repeat(64)
    const manifest = { path: 'manifest.json', data: `[{"Config":"${hex}.json","RepoTags":["x:1"],"Layers":[]}]` }
    const oci = { path: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' }
    const forms: Record<string, readonly HeaderSpec[]> = {
      old: [
        { path: `${hex}/` },
        { path: `${hex}/layer.tar`, data: 'x' },
        manifest,
        { path: 'repositories', data: '{}' },
      ],
      new: [{ path: 'blobs/' }, { path: 'index.json', data: '{}' }, manifest, oci],
      dotted: [{ path: './' }, { path: './manifest.json', data: manifest.data }],
    }
    for (const [name, entries] of Object.entries(forms)) {
      const path = join(temporaryFolder('image'), `${name}.tar`)
      writeFileSync(path, tar(...entries))
      expect((await refusalOf(() => unpack(path, `${path}.d`))).message, name).toContain('docker save')
    }
  })
})

describe('an image that is a directory', () => {
  it('as skopeo’s dir: has it, is refused with a command that helps', async (context) => {
    needs(context, 'root', 'skopeo')
    const path = copyTo('dir')
    const error = await refusalOf(() => resolveSource(path))
    expect(error).toMatchObject({ code: 'RT_WRONG_TYPE' })
    expect(error.message).toContain('skopeo copy … dir:')
    expect(await followHint(error)).toBe('right\n')
  })

  it('as an unpacked docker save, is refused with a command that helps', async (context) => {
    needs(context, 'root', 'skopeo')
    const directory = temporaryFolder('image')
    execFileSync('tar', ['-C', directory, '-xf', copyTo('docker-archive')])
    const error = await refusalOf(() => resolveSource(directory))
    expect(error.message).toContain('docker save')
    expect(await followHint(error)).toBe('right\n')
  })
})

it('files with these names are no image', async (context) => {
  needs(context, 'root')
  const entries: HeaderSpec[] = [
    { path: 'manifest.json', data: '{"name":"a web application","icons":[]}' },
    { path: 'version', data: '1.0' },
    { path: 'oci-layout', type: '2', link: 'version' },
    { path: 'blobs/', data: '' },
  ]
  const path = join(temporaryFolder('image'), 'x.tar')
  writeFileSync(path, tar(...entries))
  await unpack(path, `${path}.d`)
  expect(describeTree(`${path}.d`)).toHaveLength(5)
  expect(resolveSource(`${path}.d`)).toMatchObject({ kind: 'directory' })
  const root = join(temporaryFolder('image'), 'copy')
  mkdirSync(root)
  cpSync(`${path}.d/manifest.json`, join(root, 'version'))
  expect(resolveSource(root)).toMatchObject({ kind: 'directory' })
})
