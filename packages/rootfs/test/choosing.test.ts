// requires nothing: layouts are read, not unpacked
import { readFileSync } from 'node:fs'
import { hostPlatform, type ImageReference, openImage, type Platform } from '@rt/rootfs'
import { describe, expect, it } from 'vitest'
import { cpuVariant } from '../src/oci/cpu-variant.js'
import { tar } from './support/archive.js'
import { type BlobDescriptor, LayoutBuilder, OCI, tagged } from './support/layout.js'

type Written = { os?: string; architecture?: string; variant?: string } | undefined

/** An image for each platform, in this order, in an index of their own; each has one file, named after its place. */
function indexOf(builder: LayoutBuilder, platforms: readonly Written[]): BlobDescriptor {
  const manifests = platforms.map((platform, place) => ({
    ...builder.manifest([tar({ path: String(place) })]),
    ...(platform && { platform: { os: 'linux', ...platform } }),
  }))
  return builder.json({ schemaVersion: 2, manifests }, `${OCI}.index.v1+json`)
}

/** Which of the images is taken: its place; undefined: none. */
async function chosen(
  layout: LayoutBuilder,
  reference: ImageReference,
  machine?: Platform,
): Promise<number | undefined> {
  try {
    const { layers } = await openImage(layout.path, reference, machine)
    return Number(readFileSync(layers[0]!.path, 'utf8')[0])
  } catch (error) {
    if ((error as { code: string }).code === 'RT_NOT_FOUND') return undefined
    throw error
  }
}

const ARCHITECTURES = {
  amd64: { variants: ['v1', 'v2', 'v3', 'v4'], unnamed: 'v1' },
  arm: { variants: ['v5', 'v6', 'v7', 'v8'], unnamed: 'v7' },
  arm64: { variants: ['v8'], unnamed: 'v8' },
} as const

describe('variants', () => {
  for (const [architecture, { variants, unnamed }] of Object.entries(ARCHITECTURES)) {
    it.for([undefined, ...variants])(
      `${architecture}: the best that runs on %s, in whatever order`,
      async (machine) => {
        const most = variants.indexOf((machine ?? unnamed) as never)
        // Every choice of what the index has, and what of it should be taken.
        for (let mask = 1; mask < 1 << variants.length; mask++) {
          const there = variants.filter((_, index) => (mask >> index) & 1)
          const best = there.filter((variant) => variants.indexOf(variant as never) <= most).at(-1)
          for (const order of [there, [...there].reverse()]) {
            const builder = new LayoutBuilder()
            const platforms = order.map((variant) => ({ architecture, variant }))
            builder.index([
              indexOf(builder, [{ architecture: 'pdp11' }, ...platforms, { architecture, variant: 'v99' }]),
            ])
            const expected = best === undefined ? undefined : order.indexOf(best) + 1
            const of = { os: 'linux', architecture, variant: machine }
            expect(await chosen(builder, {}, of), `${order} on ${machine}`).toBe(expected)
          }
        }
      },
    )
  }

  it('a variant that is not named is the usual one, and of equals the first is taken', async () => {
    const machine = { os: 'linux', architecture: 'arm', variant: 'v7' }
    const arm = { architecture: 'arm' }
    const builder = new LayoutBuilder()
    const first = indexOf(builder, [{ ...arm, variant: 'v6' }, arm, { ...arm, variant: 'v7' }])
    const second = indexOf(builder, [{ ...arm, variant: 'v7' }, arm, { ...arm, variant: '7' }])
    builder.index([tagged(first, 'first'), tagged(second, 'second')])
    expect(await chosen(builder, { tag: 'first' }, machine)).toBe(1)
    expect(await chosen(builder, { tag: 'second' }, machine)).toBe(0)
  })

  it('a named platform comes before none, whichever is first', async () => {
    const machine = { os: 'linux', architecture: 'amd64' }
    for (const platforms of [
      [undefined, { architecture: 'amd64' }],
      [{ architecture: 'amd64' }, undefined],
    ]) {
      const builder = new LayoutBuilder()
      builder.index([tagged(indexOf(builder, platforms), 't')])
      expect(await chosen(builder, { tag: 't' }, machine)).toBe(platforms.findIndex((platform) => platform))
    }
  })

  it('the system counts, not only the processor', async () => {
    const builder = new LayoutBuilder()
    builder.index([
      indexOf(builder, [
        { os: 'windows', architecture: 'amd64' },
        { os: 'linux', architecture: 'amd64' },
      ]),
    ])
    expect(await chosen(builder, {}, { os: 'linux', architecture: 'amd64' })).toBe(1)
    expect(await chosen(builder, {}, { os: 'windows', architecture: 'amd64' }).catch((error) => error.kind)).toBe(0)
    expect(await chosen(builder, {}, { os: 'freebsd', architecture: 'amd64' })).toBe(undefined)
  })

  it('an architecture without variants takes what names none', async () => {
    const builder = new LayoutBuilder()
    builder.index([indexOf(builder, [{ architecture: 'riscv64', variant: 'rva23' }, { architecture: 'riscv64' }])])
    expect(await chosen(builder, {}, { os: 'linux', architecture: 'riscv64' })).toBe(1)
    expect(await chosen(builder, {}, { os: 'linux', architecture: 'riscv64', variant: 'rva23' })).toBe(0)
  })
})

describe('the top index', () => {
  const amd64 = { os: 'linux', architecture: 'amd64' }
  const image = (builder: LayoutBuilder, name: string, platform?: object) => ({
    ...builder.manifest([tar({ path: name })]),
    ...(platform && { platform }),
  })

  it('may be an image for several platforms, tagged alike or not at all', async () => {
    for (const tag of ['t', undefined]) {
      const builder = new LayoutBuilder()
      const images = [
        image(builder, '0', { ...amd64, variant: 'v2' }),
        image(builder, '1', amd64),
        image(builder, '2', { ...amd64, architecture: 'arm64' }),
      ]
      builder.index(tag === undefined ? images : images.map((each) => tagged(each, tag)))
      expect(await chosen(builder, { tag }, amd64)).toBe(1)
      expect(await chosen(builder, { tag }, { ...amd64, variant: 'v3' })).toBe(0)
    }
  })

  it('of two images with the same tag has the first', async () => {
    const builder = new LayoutBuilder()
    builder.index([tagged(image(builder, '0'), 't'), tagged(image(builder, '1'), 't')])
    expect(await chosen(builder, { tag: 't' }, amd64)).toBe(0)
    expect(await chosen(builder, {}, amd64)).toBe(0)
  })

  it('with several images without tag or platform is asked for a digest', async () => {
    const builder = new LayoutBuilder()
    const images = [image(builder, '0'), image(builder, '1')]
    builder.index(images)
    await expect(chosen(builder, {}, amd64)).rejects.toMatchObject({
      code: 'RT_INVALID_OPTION',
      hint: expect.stringMatching(/^oci:.*:TAG or oci:.*@DIGEST; /) as string,
    })
    for (const [place, { digest }] of images.entries()) {
      expect(await chosen(builder, { digest: { algorithm: 'sha256', hex: digest.slice(7) } }, amd64)).toBe(place)
    }
  })
})

describe('a digest', () => {
  const digestOf = ({ digest }: BlobDescriptor) => ({ algorithm: 'sha256' as const, hex: digest.slice(7) })
  const machine = { os: 'linux', architecture: 'arm', variant: 'v7' }

  it('names a manifest whatever its platform, or an index, anywhere below', async () => {
    const builder = new LayoutBuilder()
    const other = builder.manifest([tar({ path: '7' })])
    const inner = indexOf(builder, [
      { architecture: 'arm', variant: 'v8' },
      { architecture: 'arm', variant: 'v6' },
    ])
    const outer = builder.json(
      { schemaVersion: 2, manifests: [{ ...other, platform: { os: 'plan9', architecture: 'mips' } }, inner] },
      `${OCI}.index.v1+json`,
    )
    builder.index([tagged(outer, 't'), tagged(builder.manifest([tar({ path: '9' })]), 'other')])
    expect(await chosen(builder, { digest: digestOf(other) }, machine)).toBe(7)
    expect(await chosen(builder, { digest: digestOf(inner) }, machine)).toBe(1)
    expect(await chosen(builder, { tag: 't', digest: digestOf(inner) }, machine)).toBe(1)
    // Under that tag there is no such image.
    expect(await chosen(builder, { tag: 'other', digest: digestOf(inner) }, machine)).toBe(undefined)
  })

  it('that index.json does not list is not there, whatever the blobs are', async () => {
    const builder = new LayoutBuilder()
    const stray = builder.manifest([tar({ path: '7' })])
    builder.index([tagged(builder.manifest([tar({ path: '9' })]), 't')])
    await expect(openImage(builder.path, { digest: digestOf(stray) })).rejects.toMatchObject({
      code: 'RT_NOT_FOUND',
      message: expect.stringContaining(`has no image @${stray.digest}`.replace('@', '')) as string,
      hint: expect.stringMatching(/^oci:.*@DIGEST takes what index.json lists; /) as string,
    })
  })
})

it('an index that is listed again and again is read once', async () => {
  const builder = new LayoutBuilder()
  let index = builder.manifest([tar({ path: '0' })])
  // 40^4 ways lead to the image.
  for (let depth = 0; depth < 4; depth++) {
    const manifests = Array.from({ length: 40 }, () => index)
    index = builder.json({ schemaVersion: 2, manifests }, `${OCI}.index.v1+json`)
  }
  builder.index([index])
  expect(await chosen(builder, {})).toBe(0)
})

describe('the processor', () => {
  const cpuinfo = (flags: string) => `processor\t: 0\nmodel name\t: x\nflags\t\t: fpu ${flags}\nbugs\t\t:\n`
  const V2 = 'cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3'
  const V3 = `${V2} abm avx avx2 bmi1 bmi2 f16c fma movbe xsave`
  const V4 = `${V3} avx512bw avx512cd avx512dq avx512f avx512vl`

  it('of x86-64 has a level if it has every flag of it', () => {
    expect([cpuinfo('sse2'), cpuinfo(V2), cpuinfo(V3), cpuinfo(V4)].map((text) => cpuVariant('amd64', text))).toEqual([
      undefined,
      'v2',
      'v3',
      'v4',
    ])
    for (const [all, variant] of [
      [V4, 4],
      [V3, 3],
      [V2, 2],
    ] as const) {
      for (const flag of all.split(' ')) {
        const found = cpuVariant(
          'amd64',
          cpuinfo(
            all
              .split(' ')
              .filter((each) => each !== flag)
              .join(' '),
          ),
        )
        expect(Number(found?.slice(1) ?? 1), `${variant} without ${flag}`).toBeLessThan(variant)
      }
    }
    expect(cpuVariant('amd64', '')).toBe(undefined)
  })

  it('of arm is told by its version', () => {
    const arm = (model: string, version: string) => `model name\t: ${model}\nCPU architecture: ${version}\n`
    expect(cpuVariant('arm', arm('ARMv7 Processor rev 4 (v7l)', '7'))).toBe('v7')
    expect(cpuVariant('arm', arm('ARMv6-compatible processor rev 7 (v6l)', '7'))).toBe('v6')
    expect(cpuVariant('arm', arm('ARMv8 Processor rev 0 (v8l)', '8'))).toBe('v8')
    expect(cpuVariant('arm', '')).toBe(undefined)
    expect(cpuVariant('arm64', 'CPU architecture: 8\n')).toBe('v8')
    expect(cpuVariant('riscv64', '')).toBe(undefined)
  })

  it('of this machine is one of these', () => {
    expect(hostPlatform()).toMatchObject({ os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch })
    expect(hostPlatform().variant ?? 'v1').toMatch(/^v\d$/)
  })
})
