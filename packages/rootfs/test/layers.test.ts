// requires root, umoci: the result of stacked layers is compared with another tool's and with the kernel's
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { close, RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { mountOverlay } from '../src/prepare/overlay-mount.js'
import { type HeaderSpec, tar } from './support/archive.js'
import { extract, sandbox } from './support/extract.js'
import { layoutOf } from './support/layout.js'
import { random } from './support/random.js'
import { describeTree, type TreeOptions } from './support/tree.js'

const BASE: readonly HeaderSpec[] = [
  { path: './', mode: 0o755 },
  { path: 'a/', mode: 0o750, uid: 1, gid: 2, mtime: 100 },
  { path: 'a/one', data: '1', mtime: 101 },
  { path: 'a/two', data: '2', mtime: 101 },
  { path: 'a/sub/', mode: 0o700, mtime: 102 },
  { path: 'a/sub/deep', data: 'd', mtime: 103 },
  { path: 'file', data: 'file', mode: 0o640, uid: 9, mtime: 104 },
  { path: 'tmp/', mode: 0o1777, mtime: 105 },
  { path: 'usr/', mtime: 106 },
  { path: 'usr/bin/', mtime: 106 },
  { path: 'usr/bin/sh', data: 'sh', mode: 0o755, mtime: 106 },
  { path: 'bin', type: '2', link: 'usr/bin', mtime: 106 },
]

/** Layers on the base, all directories with their entries, as builders write them. */
const STACKS: Record<string, readonly (readonly HeaderSpec[])[]> = {
  'a whiteout': [[{ path: 'a/', mode: 0o750, uid: 1, gid: 2, mtime: 100 }, { path: 'a/.wh.one' }]],
  'a whiteout of a directory': [[{ path: '.wh.a' }]],
  'a whiteout of nothing': [[{ path: 'a/', mtime: 100 }, { path: 'a/.wh.nothing' }]],
  'an opaque directory, its mark first': [
    [{ path: 'a/', mtime: 7 }, { path: 'a/.wh..wh..opq' }, { path: 'a/new', mtime: 8 }],
  ],
  'an opaque directory, its mark last': [
    [{ path: 'a/', mtime: 7 }, { path: 'a/new', mtime: 8 }, { path: 'a/.wh..wh..opq' }],
  ],
  'a directory for a file': [
    [
      { path: 'file/', mtime: 5 },
      { path: 'file/in', mtime: 6 },
    ],
  ],
  'a file for a directory': [[{ path: 'a', data: 'now a file', mtime: 5 }]],
  'a symlink for a directory': [[{ path: 'a', type: '2', link: 'tmp', mtime: 5 }]],
  'a directory for a symlink': [
    [
      { path: 'bin/', mtime: 5 },
      { path: 'bin/own', mtime: 6 },
    ],
  ],
  'new mode and owner for a directory': [[{ path: 'a/', mode: 0o711, uid: 5, gid: 6, mtime: 50 }]],
  'new content for a file': [[{ path: 'file', data: 'longer than before', mode: 0o600, mtime: 60 }]],
  'three layers': [
    [{ path: '.wh.a' }, { path: 'b/', mtime: 1 }, { path: 'b/x', mtime: 1 }],
    [{ path: 'a/', mtime: 2 }, { path: 'a/again', mtime: 2 }, { path: 'b/', mtime: 3 }, { path: 'b/.wh.x' }],
  ],
}

const timed = { times: true, content: true }

/** Unpacks layer by layer in overlay's form, and shows what the kernel makes of them. */
function throughOverlay(layers: readonly Buffer[], options: TreeOptions = timed): string[] {
  const folder = temporaryFolder('overlay')
  const lower: string[] = []
  for (const [index, layer] of layers.entries()) {
    const path = join(folder, String(index))
    mkdirSync(path)
    if (extract(path, [layer], { lower: [...lower] }).opaqueRoot) lower.length = 0
    lower.unshift(path)
  }
  if (lower.length === 1) return describeTree(lower[0]!, options)
  const mount = mountOverlay(lower)
  try {
    return describeTree(`/proc/self/fd/${mount}/.`, options)
  } finally {
    close(mount)
  }
}

describe('layers on each other', () => {
  it.for(Object.entries(STACKS))('%s: applied, by overlay and by umoci, the same tree', ([, upper], context) => {
    needs(context, 'root', 'umoci')
    const layers = [BASE, ...upper].map((layer) => tar(...layer))
    const { folder, target } = sandbox()
    extract(target, layers)
    const applied = describeTree(target, timed)

    expect(throughOverlay(layers)).toEqual(applied)

    const bundle = join(folder, 'umoci')
    execFileSync('umoci', ['raw', 'unpack', '--image', `${layoutOf(layers)}:latest`, bundle], { stdio: 'pipe' })
    expect(describeTree(bundle, timed)).toEqual(applied)
  })
})

describe('a layer that leaves things out', () => {
  const through = (upper: readonly HeaderSpec[]): string[] => throughOverlay([tar(...BASE), tar(...upper)])

  it('a directory without an entry has owner, mode and times of the one below', (context) => {
    needs(context, 'root')
    const lines = through([{ path: 'tmp/new' }, { path: 'a/sub/new' }])
    expect(lines).toContain('d 1777 0:0 tmp 105000000000')
    expect(lines).toContain('d 0750 1:2 a 100000000000')
    expect(lines).toContain('d 0700 0:0 a/sub 102000000000')
    expect(lines).toContain('f 0644 0:0 a/sub/new "" 1700000000000000000')
  })

  it('a path through a symlink of the layer below goes where it leads', (context) => {
    needs(context, 'root')
    const layers = [tar(...BASE), tar({ path: 'bin/new', mtime: 1 }, { path: 'bin/second', mtime: 2 })]
    const lines = throughOverlay(layers)
    expect(lines).toContain('l 0777 0:0 bin -> usr/bin 106000000000')
    expect(lines).toContain('f 0644 0:0 usr/bin/new "" 1000000000')
    expect(lines).toContain('f 0644 0:0 usr/bin/second "" 2000000000')
    const { target } = sandbox()
    extract(target, layers)
    expect(describeTree(target, timed)).toEqual(lines)
  })

  it('and into a directory of its own once it has made one', (context) => {
    needs(context, 'root')
    const upper = [
      { path: 'bin/new', mtime: 1 },
      { path: 'bin/', mtime: 3 },
      { path: 'bin/own', mtime: 2 },
    ]
    const lines = through(upper)
    expect(lines).toContain('f 0644 0:0 usr/bin/new "" 1000000000')
    expect(lines).toContain('f 0644 0:0 bin/own "" 2000000000')
  })

  it('a hard link to a file of the layer below is a copy, two are one file', (context) => {
    needs(context, 'root')
    const lines = through([
      { path: 'link', type: '1', link: 'file' },
      { path: 'second', type: '1', link: 'file' },
      { path: '.wh.file' },
    ])
    expect(lines.filter((line) => /link|second|file/.test(line))).toEqual([
      'f 0640 9:0 link "file" links=2 104000000000',
      'f 0640 9:0 second "file" links=2 104000000000',
    ])
  })

  it('a whiteout and an entry beneath the same name: what was below is hidden, the entry stays', (context) => {
    needs(context, 'root')
    for (const upper of [
      [{ path: '.wh.a' }, { path: 'a/new', mtime: 1 }],
      [{ path: 'a/new', mtime: 1 }, { path: '.wh.a' }],
      [{ path: '.wh.a' }, { path: 'a/', mtime: 5 }, { path: 'a/new', mtime: 1 }],
      [{ path: 'a/', mtime: 5 }, { path: 'a/new', mtime: 1 }, { path: '.wh.a' }],
    ]) {
      const names = (lines: string[]) => lines.map((line) => line.split(' ')[3]).filter((name) => name?.startsWith('a'))
      expect(names(through(upper))).toEqual(['a', 'a/new'])
      const { target } = sandbox()
      extract(target, [tar(...BASE), tar(...upper)])
      expect(names(describeTree(target))).toEqual(['a', 'a/new'])
    }
  })

  it('an opaque root hides all below', (context) => {
    needs(context, 'root')
    const upper = tar({ path: '.wh..wh..opq' }, { path: 'only', mtime: 1 })
    const { target } = sandbox()
    extract(target, [tar(...BASE), upper])
    expect(describeTree(target).map((line) => line.split(' ')[3])).toEqual(['.', 'only'])
    const { folder, target: lower } = sandbox()
    extract(lower, [tar(...BASE)])
    mkdirSync(join(folder, 'upper'))
    expect(extract(join(folder, 'upper'), [upper], { lower: [lower] }).opaqueRoot).toBe(true)
  })
})

describe('random layers', () => {
  const NAMES = ['a', 'b', 'a/b', 'b/a', 'a/b/c', 'a/', 'b/', '.wh.a', 'a/.wh..wh..opq', 'b/.wh.a', 'a/.wh.b']
  const LINKS = ['a', 'b', 'a/b', '/a', '..', '/', '.', 'a/b/c']
  const TYPES = ['0', '0', '5', '5', '5', '2', '1', '6']

  it('look the same applied and by overlay, if they are no error (600, seed 11)', (context) => {
    needs(context, 'root')
    const next = random(11)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!
    const attempt = (show: () => string[]): string[] | undefined => {
      try {
        // A copy of a lower layer's file has links of its own.
        return show().map((line) => line.replace(/ links=\d+/, ''))
      } catch (error) {
        if (RtError.isInstance(error)) return undefined
        throw error
      }
    }
    let compared = 0
    for (let round = 0; round < 600; round++) {
      const specs = Array.from({ length: 2 }, () =>
        Array.from({ length: 1 + Math.floor(next() * 5) }, (): HeaderSpec => {
          const type = pick(TYPES)
          return { path: pick(NAMES), type, link: pick(LINKS), ...(type === '0' ? { data: 'x' } : {}) }
        }),
      )
      const layers = specs.map((layer) => tar(...layer))
      const { target } = sandbox()
      const applied = attempt(() => {
        extract(target, layers)
        return describeTree(target, { content: true })
      })
      const merged = attempt(() => throughOverlay(layers, { content: true }))
      if (!applied || !merged) continue
      compared++
      expect(merged, JSON.stringify(specs)).toEqual(applied)
    }
    expect(compared).toBeGreaterThan(200)
  })
})
