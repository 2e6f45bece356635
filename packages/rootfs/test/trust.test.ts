// requires root: owners
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { prepare } from '@rt/rootfs'
import { RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { tar } from './support/archive.js'
import { runChild } from './support/child.js'
import { foldersOf } from './support/folders.js'

const OTHER = 12345
const HEX = '[0-9a-f]{64}'

interface Cache {
  readonly source: string
  readonly parent: string
  readonly rootDir: string
}

/** A cache with one layer, whose only file says "right", in a directory of its own. */
async function makeCache(): Promise<Cache> {
  const folder = temporaryFolder('trust')
  const source = join(folder, 'x.tar')
  writeFileSync(source, tar({ path: 'file', data: 'right' }))
  const parent = join(folder, 'parent')
  mkdirSync(parent, { mode: 0o755 })
  const rootDir = join(parent, 'cache')
  await use(source, rootDir)
  // What is remembered of files that haven't changed for a while.
  mkdirSync(join(rootDir, 'files'), { mode: 0o700 })
  const { dev, ino, size, mtimeNs, ctimeNs } = lstatSync(source, { bigint: true })
  const key = [dev, ino, size, mtimeNs, ctimeNs].map((number) => number.toString(36)).join('-')
  const [hex] = readdirSync(join(rootDir, 'layers/sha256'))
  writeFileSync(join(rootDir, 'files', key), `sha256:${hex}`, { mode: 0o600 })
  return { source, parent, rootDir }
}

let made: Promise<Cache> | undefined

/** A copy of it: to unpack takes longer. */
async function cacheOfOne(): Promise<Cache> {
  made ??= makeCache()
  const { source, parent: original } = await made
  const parent = join(temporaryFolder('trust'), 'parent')
  execFileSync('cp', ['-a', original, parent])
  return { source, parent, rootDir: join(parent, 'cache') }
}

/** What a container would find in its root. */
async function use(source: string, rootDir: string): Promise<string> {
  const root = await prepare(source, { rootDir })
  try {
    return readFileSync(join(foldersOf(root)[0]!, 'file'), 'utf8')
  } finally {
    root.dispose()
  }
}

/** Whoever could write there puts another content into the layer, wherever it is below. */
function poison(path: string): void {
  if (!lstatSync(path).isDirectory()) return
  for (const name of readdirSync(path)) {
    const below = join(path, name)
    if (name === 'file') writeFileSync(below, 'evil')
    else poison(below)
  }
}

/** What the cache reads, by what it is. */
const PARTS: Record<string, { readonly path: RegExp; readonly directory: boolean }> = {
  'the parent': { path: /^$/, directory: true },
  'the root directory': { path: /^cache$/, directory: true },
  layers: { path: /^cache\/layers$/, directory: true },
  'layers/sha256': { path: /^cache\/layers\/sha256$/, directory: true },
  'the layer': { path: new RegExp(`^cache/layers/sha256/${HEX}$`), directory: true },
  'its tree': { path: /\/fs$/, directory: true },
  'layer.json': { path: /layer\.json$/, directory: false },
  'the short names': { path: /^cache\/l$/, directory: true },
  'a short name': { path: /^cache\/l\/[0-9a-f]{8}$/, directory: false },
  locks: { path: /^cache\/locks$/, directory: true },
  'the digests': { path: /^cache\/files$/, directory: true },
  'a digest': { path: /^cache\/files\/.+$/, directory: false },
}

/** What may have become of it. The path is that of the part. */
const STATES: Record<string, (path: string) => void> = {
  'owned by another': (path) => {
    poison(path)
    lchownSync(path, OTHER, OTHER)
  },
  'writable by a group': (path) => {
    poison(path)
    if (!lstatSync(path).isSymbolicLink()) chmodSync(path, 0o770)
  },
  'writable by all': (path) => {
    poison(path)
    if (!lstatSync(path).isSymbolicLink()) chmodSync(path, 0o707)
  },
  'a symlink of another': (path) => {
    const aside = join(temporaryFolder('aside'), 'evil')
    if (lstatSync(path).isSymbolicLink()) rmSync(path)
    else renameSync(path, aside)
    if (existsSync(aside)) poison(aside)
    symlinkSync(aside, path)
    lchownSync(path, OTHER, OTHER)
  },
  truncated: (path) => {
    if (lstatSync(path).isFile()) truncateSync(path, lstatSync(path).size >> 1)
  },
  empty: (path) => {
    if (lstatSync(path).isFile()) truncateSync(path, 0)
  },
  'other JSON': (path) => {
    if (lstatSync(path).isFile()) writeFileSync(path, '{"version":2,"opaqueRoot":"yes"}')
  },
  'a list': (path) => {
    if (lstatSync(path).isFile()) writeFileSync(path, '[]')
  },
  'a file': (path) => {
    rmSync(path, { recursive: true })
    writeFileSync(path, 'x', { mode: 0o600 })
  },
  'a directory': (path) => {
    rmSync(path, { recursive: true })
    mkdirSync(path, { mode: 0o700 })
  },
  missing: (path) => rmSync(path, { recursive: true }),
}

/**
 * Whose and how a layer's tree is, is the image's to say: who can't enter the directory above can't reach it. For the same
 * reason its content is not read anew at each use, to see that it is all there.
 */
const ALLOWED = new Set([
  'its tree owned by another',
  'its tree writable by a group',
  'its tree writable by all',
  'its tree a directory',
])

/** States that a directory of the cache, or one on the way to it, must never be used in. */
const UNSAFE = new Set(['owned by another', 'writable by a group', 'writable by all', 'a symlink of another'])

const pathOf = (parent: string, part: RegExp): string => {
  const all = ['', ...(readdirSync(parent, { recursive: true }) as string[])]
  return join(parent, all.find((path) => part.test(path))!)
}

describe('what the cache finds', () => {
  const cases = Object.entries(PARTS).flatMap(([part, { path, directory }]) =>
    Object.entries(STATES)
      .filter(([state]) => !ALLOWED.has(`${part} ${state}`))
      .map(([state, change]) => ({ part, state, path, directory, change })),
  )
  it.for(cases)('$part, $state: it is rebuilt, or refused with the remedy', async (each, context) => {
    needs(context, 'root')
    const { source, parent, rootDir } = await cacheOfOne()
    each.change(pathOf(parent, each.path))
    let refused: RtError | undefined
    try {
      expect(await use(source, rootDir)).toBe('right')
      // And it is whole again: nothing is left of what was wrong.
      expect(await use(source, rootDir)).toBe('right')
      expect(readdirSync(join(rootDir, 'layers/sha256'))).toHaveLength(1)
    } catch (error) {
      if (!RtError.isInstance(error)) throw error
      refused = error
      expect(error.kind).toMatch(/^RT_(UNSAFE|WRONG_TYPE)$/)
      expect(error.message).toContain(JSON.stringify(rootDir).slice(1, -1))
      expect(error.hint).toMatch(/--root-dir|remove/)
      expect(error.origin).toBe('rootDir')
    }
    // Locks and short names aren't used when all is there; but each use of a directory looks at it.
    const isLooked = each.part !== 'locks'
    if (each.directory && UNSAFE.has(each.state) && isLooked && each.part !== 'its tree') {
      expect(refused?.kind).toMatch(/^RT_(UNSAFE|WRONG_TYPE)$/)
    }
  })

  it('of another version or other privileges is named; an older one is unpacked anew', async (context) => {
    needs(context, 'root')
    const { source, rootDir } = await cacheOfOne()
    const path = pathOf(rootDir, /layer\.json$/)
    const info = JSON.parse(readFileSync(path, 'utf8')) as object
    for (const change of [{ version: 99 }, { namespace: 'user.overlay.' }]) {
      writeFileSync(path, JSON.stringify({ ...info, ...change }))
      await expect(use(source, rootDir)).rejects.toMatchObject({
        code: 'RT_UNSUPPORTED',
        hint: expect.stringContaining('--root-dir') as string,
      })
    }
    writeFileSync(path, JSON.stringify({ ...info, version: 1 }))
    expect(await use(source, rootDir)).toBe('right')
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(info)
  })

  it.for(Object.entries(STATES))('of a lock: %s', async ([state, change], context) => {
    needs(context, 'root')
    const { source, rootDir } = await cacheOfOne()
    const [hex] = readdirSync(join(rootDir, 'layers/sha256'))
    const lock = join(rootDir, 'locks', hex!)
    writeFileSync(lock, '', { mode: 0o600 })
    change(lock)
    rmSync(pathOf(rootDir, /layer\.json$/)) // so that it is needed
    if (state === 'a directory' || state === 'a symlink of another') {
      await expect(use(source, rootDir)).rejects.toMatchObject({
        code: 'RT_WRONG_TYPE',
        hint: expect.stringContaining('remove') as string,
      })
    } else expect(await use(source, rootDir)).toBe('right')
  })
})

describe('the way to the cache', () => {
  it('may lead through symlinks of root, and through sticky directories', async (context) => {
    needs(context, 'root')
    const { source, parent, rootDir } = await cacheOfOne()
    for (const target of [parent, 'parent', '../'.repeat(20) + parent.slice(1)]) {
      const link = join(temporaryFolder('link'), 'to')
      symlinkSync(target === 'parent' ? parent : target, link)
      expect(await use(source, join(link, 'cache'))).toBe('right')
    }
    chmodSync(parent, 0o1777)
    expect(await use(source, rootDir)).toBe('right')
    chownSync(parent, OTHER, OTHER)
    await expect(use(source, rootDir)).rejects.toMatchObject({ code: 'RT_UNSAFE' })
  })

  it('is refused before anything is made', async (context) => {
    needs(context, 'root')
    const { source, parent } = await cacheOfOne()
    chmodSync(parent, 0o777)
    const rootDir = join(parent, 'another/cache')
    await expect(use(source, rootDir)).rejects.toMatchObject({ code: 'RT_UNSAFE' })
    expect(existsSync(dirname(rootDir))).toBe(false)
  })

  it('is not another user’s home, whatever HOME and XDG_DATA_HOME say', async (context) => {
    needs(context, 'root')
    const home = temporaryFolder('home')
    for (let path = home; path !== '/tmp'; path = dirname(path)) chmodSync(path, 0o755)
    mkdirSync(join(home, '.local/share'), { recursive: true })
    const source = join(home, 'x.tar')
    writeFileSync(source, tar({ path: 'file', data: 'right' }))
    // As if prepared for the victim: a cache that is complete, and the planter's.
    const planted = join(home, '.local/share/rt')
    expect(await use(source, planted)).toBe('right')
    cpSync(planted, join(home, 'rt'), { recursive: true })
    const chown = (path: string) => {
      lchownSync(path, OTHER, OTHER)
      if (lstatSync(path).isDirectory()) chmodSync(path, 0o777)
      if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) chown(join(path, name))
    }
    chown(home)
    for (const env of [{ HOME: home, XDG_DATA_HOME: '' }, { XDG_DATA_HOME: home }]) {
      const child = await runChild(
        `import { prepare } from '@rt/rootfs'
         await prepare(${JSON.stringify(source)}).then(() => console.log('used'), (error) => console.log(error.kind))`,
        { uid: 65534, env },
      )
      expect(child).toMatchObject({ stdout: 'RT_UNSAFE\n', stderr: '' })
    }
  })
})
