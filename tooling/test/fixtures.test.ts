// requires root, busybox, debootstrap, umoci, skopeo, zstd; a network on the first run
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { busyboxRoot, debianRoot, layerTar, needs, ociLayout, temporaryFolder } from '../fixtures/index.js'

describe('busyboxRoot', () => {
  it('is a root of its own each time, in which commands run', (context) => {
    needs(context, 'root', 'busybox')
    const [one, two] = [busyboxRoot(), busyboxRoot()]
    expect(one).not.toBe(two)
    expect(one.startsWith(String(process.env.RT_RUN_FOLDER))).toBe(true)
    const inside = 'id -un 1000 2>/dev/null || id -un; id user; stat -c %a /tmp'
    expect(execFileSync('chroot', [one, '/bin/sh', '-c', inside], { encoding: 'utf8' })).toBe(
      'root\nuid=1000(user) gid=1000(user) groups=1000(user),44(video)\n1777\n',
    )
  })
})

describe('debianRoot', () => {
  it('is one Debian for all who ask at once', { timeout: 280_000 }, async (context) => {
    needs(context, 'root', 'debootstrap')
    const roots = await Promise.all([debianRoot(), debianRoot(), debianRoot()])
    expect(new Set(roots).size).toBe(1)
    const root = roots[0] as string
    expect(readFileSync(join(root, 'etc/os-release'), 'utf8')).toContain('VERSION_CODENAME=bookworm')
    expect(statSync(root).mode & 0o777).toBe(0o755)
    expect(execFileSync('chroot', [root, 'bash', '-c', 'echo $BASH'], { encoding: 'utf8' })).toBe('/usr/bin/bash\n')
  })
})

describe('ociLayout', () => {
  const twoLayers = () => {
    const upper = temporaryFolder('upper')
    writeFileSync(join(upper, 'added'), 'by the upper layer\n')
    writeFileSync(join(upper, '.wh.home'), '')
    return { lower: busyboxRoot(), upper }
  }

  it.for(['gzip', 'zstd', 'none'] as const)('is an image that skopeo can read (%s)', (compression, context) => {
    needs(context, 'root', 'busybox', 'skopeo', 'zstd')
    const { lower, upper } = twoLayers()
    const layers = [layerTar(lower, { compression }), layerTar(upper, { compression })]
    const layout = ociLayout({ layers, tag: 'two', config: { Cmd: ['/bin/sh'] } })
    const copy = temporaryFolder('skopeo')
    // A copy checks every digest, DiffIDs included, as it recompresses.
    const result = spawnSync('skopeo', ['--insecure-policy', 'copy', `oci:${layout}:two`, `dir:${copy}`], {
      encoding: 'utf8',
    })
    expect({ status: result.status, stderr: result.stderr }).toEqual({ status: 0, stderr: '' })
    expect(
      JSON.parse(execFileSync('skopeo', ['inspect', '--config', `oci:${layout}:two`], { encoding: 'utf8' })),
    ).toMatchObject({
      config: { Cmd: ['/bin/sh'] },
    })
  })

  it('unpacks with umoci as the layers say', (context) => {
    needs(context, 'root', 'busybox', 'umoci')
    const { lower, upper } = twoLayers()
    const layout = ociLayout({ layers: [layerTar(lower), layerTar(upper)] })
    const bundle = join(temporaryFolder('umoci'), 'bundle')
    execFileSync('umoci', ['unpack', '--image', `${layout}:latest`, bundle], { stdio: 'pipe' })
    const expected = [...readdirSync(lower), 'added'].filter((name) => name !== 'home').sort()
    expect(readdirSync(join(bundle, 'rootfs')).sort()).toEqual(expected)
  })
})

describe('layerTar', () => {
  it('gives the same bytes for the same folder', (context) => {
    needs(context, 'root', 'busybox')
    const root = busyboxRoot()
    expect(readFileSync(layerTar(root)).equals(readFileSync(layerTar(root)))).toBe(true)
  })
})
