// requires root: a hostile archive is tried with all the power that could harm
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatError, RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { base256, gnuLong, type HeaderSpec, member, tar } from './support/archive.js'
import { type ExtractTestOptions, extract, sandbox } from './support/extract.js'
import { random } from './support/random.js'
import { describeOutside, describeTree } from './support/tree.js'

/** What an attack must come to. */
interface Attack {
  readonly layers: readonly (readonly (HeaderSpec | Buffer)[])[]
  /** RT_… code, or the paths that are there afterwards: it was harmless. */
  readonly outcome: string | readonly string[]
  /** What stands in the target's folder besides the canary. */
  readonly beside?: (folder: string) => void
  readonly options?: ExtractTestOptions
}

const up = '../'.repeat(40)
const files = (...paths: string[]): HeaderSpec[] => paths.map((path) => ({ path, data: 'evil' }))

/**
 * `CANARY` in a path or link stands for the canary's absolute path: a file beside the target, outside of it. Rows of
 * shared/oci/ATTACKS.md are named by their numbers.
 */
const ATTACKS: Record<string, Attack> = {
  'a name with ..': { layers: [files('../canary')], outcome: 'RT_UNSAFE' },
  'a name with .. in the middle': { layers: [files('a/../../canary')], outcome: 'RT_UNSAFE' },
  'forty times ..': { layers: [files(`${up}etc/rt-canary`)], outcome: 'RT_UNSAFE' },
  'a name that is ..': { layers: [files('..')], outcome: 'RT_UNSAFE' },
  'a name /..': { layers: [files('/..')], outcome: 'RT_UNSAFE' },
  'an absolute name (2021-32804): the target is its root': { layers: [files('CANARY')], outcome: ['CANARY'] },
  'slashes without end (2021-32804)': { layers: [files('////CANARY')], outcome: ['CANARY'] },
  '//../x': { layers: [files('//../canary')], outcome: 'RT_UNSAFE' },
  'a symlink out of the target, then a file through it (2025-45582)': {
    layers: [[{ path: 'x', type: '2', link: 'OUTSIDE' }, ...files('x/canary')]],
    outcome: ['x', 'OUTSIDE/canary'],
  },
  'the same in the next layer': {
    layers: [[{ path: 'x', type: '2', link: '..' }], files('x/canary')],
    outcome: ['canary', 'x'],
  },
  'a symlink of forty ..': {
    layers: [[{ path: 'x', type: '2', link: up }, ...files('x/canary')]],
    outcome: ['canary', 'x'],
  },
  'a symlink to a sibling whose name begins alike (2024-12905)': {
    layers: [[{ path: 'x', type: '2', link: '../target-evil' }, ...files('x/f')]],
    beside: (folder) => mkdirSync(join(folder, 'target-evil')),
    outcome: ['x', 'target-evil/f'],
  },
  'directory, then symlink of the same name (2021-32803)': {
    layers: [[{ path: 'a/' }, { path: 'a', type: '2', link: 'OUTSIDE' }, ...files('a/canary')]],
    outcome: ['a', 'OUTSIDE/canary'],
  },
  'the same, the directory filled before': {
    layers: [[{ path: 'a/' }, ...files('a/one'), { path: 'a', type: '2', link: '..' }, ...files('a/canary')]],
    outcome: ['a', 'canary'],
  },
  'the same with a backslash (2021-37701)': {
    layers: [[{ path: 'a\\b/' }, { path: 'a\\b', type: '2', link: 'OUTSIDE' }, ...files('a\\b/canary')]],
    outcome: ['a\\b', 'OUTSIDE/canary'],
  },
  'the same in other letters (2021-37712)': {
    layers: [[{ path: 'ss/' }, { path: '\xc3\x9f', type: '2', link: 'OUTSIDE' }, ...files('ss/canary')]],
    outcome: ['ss', 'ss/canary', '\xc3\x9f'],
  },
  'a file, then a directory through it': { layers: [[...files('a'), ...files('a/b')]], outcome: 'RT_WRONG_TYPE' },
  'a link over the root: "." (2021-29136)': {
    layers: [[{ path: '.', type: '2', link: 'OUTSIDE' }], files('canary')],
    outcome: 'RT_UNSAFE',
  },
  'a link over the root: "./"': { layers: [[{ path: './', type: '2', link: 'OUTSIDE' }]], outcome: 'RT_UNSAFE' },
  'a link over the root: "/."': { layers: [[{ path: '/.', type: '2', link: 'OUTSIDE' }]], outcome: 'RT_UNSAFE' },
  'a file over the root': { layers: [files('/')], outcome: 'RT_ARCHIVE' },
  'a hard link to an absolute path (2026-23745)': {
    layers: [[{ path: 'x', type: '1', link: 'CANARY' }, ...files('x')]],
    outcome: 'RT_ARCHIVE',
  },
  'a hard link with .. (2026-24842)': {
    layers: [[{ path: 'a/' }, { path: 'x', type: '1', link: 'a/../../canary' }]],
    outcome: 'RT_UNSAFE',
  },
  'a hard link through a chain of symlinks (2026-26960)': {
    layers: [
      [
        { path: 'a/b/c/' },
        { path: 'a/b/c/up', type: '2', link: '../..' },
        { path: 'a/b/escape', type: '2', link: 'c/up/../..' },
        { path: 'exfil', type: '1', link: 'a/b/escape/canary' },
        ...files('exfil'),
      ],
    ],
    outcome: 'RT_ARCHIVE',
  },
  'a hard link to a symlink is the link, and is replaced': {
    layers: [[{ path: 's', type: '2', link: 'CANARY' }, { path: 'h', type: '1', link: 's' }, ...files('h')]],
    outcome: ['h', 's'],
  },
  'a hard link to a directory': {
    layers: [[{ path: 'd/' }, { path: 'h', type: '1', link: 'd' }]],
    outcome: 'RT_WRONG_TYPE',
  },
  'a hard link to the root': { layers: [[{ path: 'h', type: '1', link: '/' }]], outcome: 'RT_WRONG_TYPE' },
  'drives (2026-29786, 2026-31802): plain names here': {
    layers: [[...files('C:x'), { path: 'l', type: '2', link: 'C:..' }]],
    outcome: ['C:x', 'l'],
  },
  'a drive with ..': { layers: [files('C:/../canary')], outcome: 'RT_UNSAFE' },
  'a loop of symlinks': {
    layers: [[{ path: 'a', type: '2', link: 'b' }, { path: 'b', type: '2', link: 'a' }, ...files('a/x')]],
    outcome: 'RT_UNSAFE',
  },
  'a magic link of /proc': {
    layers: [[{ path: 'p', type: '2', link: '/proc/self/root' }, ...files('p/CANARY')]],
    outcome: ['p', 'proc/self/rootCANARY'],
  },
  'a whiteout of ..': { layers: [[], files('.wh...')], outcome: 'RT_UNSAFE' },
  'a whiteout of .': { layers: [[], files('.wh..')], outcome: 'RT_UNSAFE' },
  'a whiteout of nothing': { layers: [[], files('.wh.')], outcome: 'RT_UNSAFE' },
  'a whiteout through a symlink': {
    layers: [[{ path: 'x', type: '2', link: 'OUTSIDE' }], files('x/.wh.canary')],
    outcome: ['x'],
  },
  'an opaque whiteout through a symlink': {
    layers: [[{ path: 'x', type: '2', link: '..' }, ...files('f')], files('x/.wh..wh..opq')],
    outcome: [],
  },
  'a device of the host': {
    layers: [[{ path: 'canary', type: '3', major: 1, minor: 3 }, ...files('canary')]],
    outcome: ['canary'],
  },
  'a fifo that is written to': { layers: [[{ path: 'p', type: '6' }, ...files('p')]], outcome: ['p'] },
  'a NUL in a pax path (2026-59875)': {
    layers: [[{ path: 'x', pax: [['path', 'ok\0/../../canary']] }]],
    outcome: 'RT_ARCHIVE',
  },
  'a negative size (2026-59874)': { layers: [[{ path: 'x', size: base256(-512n, 12) }]], outcome: 'RT_ARCHIVE' },
  'pax size before a long name (GHSA-vmf3-w455-68vh): the last is content': {
    layers: [
      [
        member({ path: 'x', type: 'x', data: '13 size=1024\n' }),
        gnuLong('L', 'outer'),
        member({ path: 'o', magic: 'gnu', size: 0, data: member({ path: '../canary', data: 'e' }) }),
      ],
    ],
    outcome: ['outer'],
  },
  'depth without end (2024-28863)': {
    layers: [[gnuLong('L', 'd/'.repeat(257).slice(0, -1)), { path: 'd' }]],
    outcome: 'RT_LIMIT',
  },
  'a path longer than the kernel’s': {
    layers: [[gnuLong('L', 'd/'.repeat(2049)), { path: 'd', type: '5' }]],
    outcome: 'RT_LIMIT',
  },
  'a name longer than the kernel’s': {
    layers: [[gnuLong('L', 'd'.repeat(256)), { path: 'd' }]],
    outcome: 'ENAMETOOLONG',
  },
  'more entries than allowed': {
    layers: [files('a', 'b', 'c')],
    options: { limits: { entries: 2 } },
    outcome: 'RT_LIMIT',
  },
  'more bytes than allowed': {
    layers: [
      [
        { path: 'a', data: 'x'.repeat(60) },
        { path: 'b', data: 'x'.repeat(60) },
      ],
    ],
    options: { limits: { bytes: 100 } },
    outcome: 'RT_LIMIT',
  },
  'more bytes than allowed, as a hole': {
    layers: [
      [
        {
          path: 'a',
          pax: [
            ['GNU.sparse.size', '101'],
            ['GNU.sparse.numblocks', '1'],
            ['GNU.sparse.map', '101,0'],
          ],
        },
      ],
    ],
    options: { limits: { bytes: 100 } },
    outcome: 'RT_LIMIT',
  },
  'an attribute that redirects overlay': {
    layers: [[{ path: 'd/', pax: [['SCHILY.xattr.trusted.overlay.redirect', '/etc']] }]],
    outcome: ['d'],
  },
}

describe('hostile archives', () => {
  it.for(Object.entries(ATTACKS))('%s', ([, { layers, outcome, options, beside }], context) => {
    if (process.getuid?.() !== 0) context.skip('needs root: owners and device nodes')
    const { folder, target } = sandbox()
    const canary = join(folder, 'canary')
    writeFileSync(canary, 'untouched')
    mkdirSync(join(folder, 'outside'))
    writeFileSync(join(folder, 'outside/canary'), 'untouched')
    chmodSync(canary, 0o640)
    beside?.(folder)
    const before = describeOutside(folder, 'target')
    const place = (text = '') => text.replaceAll('CANARY', canary).replaceAll('OUTSIDE', join(folder, 'outside'))
    const archives = layers.map((layer) =>
      tar(
        ...layer.flatMap((each) => {
          if (Buffer.isBuffer(each)) return [each]
          const [path, link] = [place(each.path), place(each.link)]
          const long = [path.length > 100 ? gnuLong('L', path) : [], link.length > 100 ? gnuLong('K', link) : []].flat()
          return [...long, { ...each, path: path.slice(0, 100), link: link.slice(0, 100) }]
        }),
      ),
    )

    let code: string | undefined
    try {
      extract(target, archives, options)
    } catch (error) {
      code = (error as RtError).code
      expect(formatError(error)).toMatch(/\S/)
    }
    expect(describeOutside(folder, 'target'), 'HOST PATH WAS CHANGED').toEqual(before)
    expect(existsSync(`/etc/rt-canary`), 'HOST PATH WAS CHANGED').toBe(false)
    if (typeof outcome === 'string') expect(code).toBe(outcome)
    else {
      expect(code).toBe(undefined)
      const paths = describeTree(target).map((line) => line.split(' ')[3]!)
      for (const path of outcome) expect(paths).toContain(place(path).replace(/^\//, ''))
      if (outcome.length === 0) expect(paths).toEqual(['.'])
    }
  })
})

describe('random entries with names that meet', () => {
  const NAMES = [
    'a',
    'b',
    'a/b',
    'b/a',
    'a/b/c',
    './a',
    '/b',
    'a/',
    'b/',
    '.',
    '.wh.a',
    'a/.wh..wh..opq',
    'b/.wh.a',
    'a/..',
    '../a',
  ]
  const LINKS = ['a', 'b', 'a/b', '/a', '..', '../..', '../canary', 'b/../..', 'OUTSIDE', '/', '.', 'a/b/c']
  const TYPES = ['0', '0', '5', '5', '2', '2', '1', '6', '3']

  it.for(['applied', 'overlay'] as const)(
    '%s: never leave the target, and end by themselves (600, seed 7)',
    (form, context) => {
      if (process.getuid?.() !== 0) context.skip('needs root: owners and device nodes')
      const next = random(7)
      const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!
      const { folder } = sandbox()
      writeFileSync(join(folder, 'canary'), 'untouched')
      mkdirSync(join(folder, 'outside'))
      writeFileSync(join(folder, 'outside/canary'), 'untouched')
      const before = [...describeOutside(folder, 'rounds'), ...describeTree(join(folder, 'outside'), { content: true })]
      mkdirSync(join(folder, 'rounds'))
      let complete = 0
      for (let round = 0; round < 600; round++) {
        const layers = Array.from({ length: 2 }, () =>
          tar(
            ...Array.from({ length: 1 + Math.floor(next() * 8) }, (): HeaderSpec => {
              const type = pick(TYPES)
              const link = pick(LINKS).replace('OUTSIDE', join(folder, 'outside'))
              // Those that are always refused would leave little else.
              const path = next() < 0.05 ? pick(NAMES) : pick(NAMES.slice(0, -2))
              return {
                path,
                type,
                link,
                ...(type === '0' ? { data: 'x' } : {}),
                major: type === '3' ? 1 : 0,
                mtime: round,
              }
            }),
          ),
        )
        const [lower, upper] = [join(folder, 'rounds', `${round}`), join(folder, 'rounds', `${round}-upper`)]
        mkdirSync(lower)
        try {
          if (form === 'applied') extract(lower, layers)
          else {
            mkdirSync(upper)
            extract(lower, [layers[0]!], { lower: [] })
            extract(upper, [layers[1]!], { lower: [lower] })
          }
          complete++
        } catch (error) {
          expect(RtError.isInstance(error) && error.kind, formatError(error)).toMatch(
            /^RT_(UNSAFE|WRONG_TYPE|ARCHIVE|SYSCALL)$/,
          )
        }
      }
      expect(complete).toBeGreaterThan(50)
      const after = [...describeOutside(folder, 'rounds'), ...describeTree(join(folder, 'outside'), { content: true })]
      expect(after, 'HOST PATH WAS CHANGED').toEqual(before)
    },
  )
})
