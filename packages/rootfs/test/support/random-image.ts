import { type HeaderSpec, tar } from './archive.js'

/** A default ACL as the kernel keeps it: version 2; user::rwx, user:1000:r-x, group::r-x, mask::r-x, other::---. */
const DEFAULT_ACL = Buffer.from(
  ['02000000', '01000700ffffffff', '02000500e8030000', '04000500ffffffff', '10000500ffffffff', '20000000ffffffff'].join(
    '',
  ),
  'hex',
)

const NAMES = ['a', 'b', 'c', 'd']
const MODES = [0o755, 0o700, 0o555, 0o1777, 0o4755, 0o2755, 0o600, 0o000]
const IDS = [0, 0, 5, 1000, 65534]
const TYPES = ['file', 'file', 'file', 'dir', 'dir', 'dir', 'symlink', 'hardlink', 'fifo', 'device'] as const

type Kind = (typeof TYPES)[number]

/** What the layers so far have, by path. */
type Tree = Map<string, Kind>

const isBelow = (path: string, directory: string): boolean => directory === '' || path.startsWith(`${directory}/`)

/**
 * The layers of an image as builders might write them: directories with entries of their own or without, whiteouts, opaque
 * directories, every type, owners, modes, times and attributes. Names are few, so that layers meet. What tools are known
 * to read differently is left out: two entries of one name, a path through a symlink or file, links across layers.
 *
 * @param next numbers from 0 to 1
 * @returns the lowest first, each the members of an archive
 */
export function randomImage(next: () => number): HeaderSpec[][] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!
  const chance = (probability: number): boolean => next() < probability
  const randomPath = () => Array.from({ length: 1 + Math.floor(next() * 3) }, () => pick(NAMES)).join('/')
  const tree: Tree = new Map()

  const remove = (path: string) => {
    for (const each of [...tree.keys()]) if (each === path || isBelow(each, path)) tree.delete(each)
  }

  const whiteouts = (layer: HeaderSpec[], own: Set<string>) => {
    for (let count = Math.floor(next() * 4); count > 0; count--) {
      const directories = [...tree].filter(([, kind]) => kind === 'dir').map(([path]) => path)
      if (chance(0.3) && directories.length > 0) {
        const directory = pick(directories)
        if (own.has(directory)) continue
        layer.push({ path: `${directory}/.wh..wh..opq` })
        for (const each of [...tree.keys()]) if (isBelow(each, directory)) tree.delete(each)
        own.add(directory)
      } else if (tree.size > 0) {
        const path = pick([...tree.keys()])
        // A whiteout of what this layer has is read differently: see the opaque directory above.
        if ([...own].some((each) => each === path || isBelow(each, path))) continue
        const at = path.lastIndexOf('/') + 1
        layer.push({ path: `${path.slice(0, at)}.wh.${path.slice(at)}` })
        remove(path)
      }
    }
  }

  const metadata = (kind: Kind): Partial<HeaderSpec> => {
    const pax: [string, string | Buffer][] = []
    if (kind !== 'symlink' && kind !== 'fifo' && kind !== 'device') {
      if (chance(0.2)) pax.push([`SCHILY.xattr.user.${pick(['k', 'l'])}`, String(Math.floor(next() * 100))])
      if (chance(0.1)) pax.push(['SCHILY.xattr.trusted.t', 'x'])
      if (kind === 'dir' && chance(0.2)) pax.push(['SCHILY.xattr.system.posix_acl_default', DEFAULT_ACL])
    }
    const mtime = Math.floor(next() * 1_600_000_000)
    return {
      mode: kind === 'symlink' ? 0o777 : pick(MODES),
      ...{ uid: pick(IDS), gid: pick(IDS), mtime },
      ...(pax.length > 0 ? { pax } : {}),
    }
  }

  const entries = (layer: HeaderSpec[], own: Set<string>) => {
    const files = new Map<string, Partial<HeaderSpec>>()
    for (let count = 1 + Math.floor(next() * 8); count > 0; count--) {
      const path = randomPath()
      if (own.has(path)) continue
      const parents = path
        .split('/')
        .slice(0, -1)
        .map((_, index, all) => all.slice(0, index + 1).join('/'))
      if (parents.some((parent) => (tree.get(parent) ?? 'dir') !== 'dir')) continue
      const kind = pick(TYPES)
      // Something of this layer would lie below it.
      if (kind !== 'dir' && [...own].some((each) => isBelow(each, path))) continue
      if (kind === 'hardlink' && files.size === 0) continue
      const target = kind === 'hardlink' ? pick([...files.keys()]) : undefined
      const meta = (target !== undefined && files.get(target)) || metadata(kind)
      layer.push({ path: kind === 'dir' ? `${path}/` : path, ...meta, ...ofKind(kind, target) })
      if (kind !== 'dir') remove(path)
      for (const each of [...parents, path]) own.add(each)
      for (const parent of parents) tree.set(parent, 'dir')
      tree.set(path, kind)
      if (kind === 'file') files.set(path, meta)
    }
  }

  const ofKind = (kind: Kind, target: string | undefined): Partial<HeaderSpec> => {
    switch (kind) {
      case 'file':
        return { data: 'x'.repeat(Math.floor(next() * 600)) }
      case 'symlink':
        return { type: '2', link: pick(['a', '../b', '/c', 'nowhere']) }
      case 'hardlink':
        return { type: '1', link: target as string }
      case 'fifo':
        return { type: '6' }
      case 'device':
        return { type: pick(['3', '4']), major: 1 + Math.floor(next() * 9), minor: Math.floor(next() * 9) }
      case 'dir':
        return { type: '5' }
    }
  }

  return Array.from({ length: 2 + Math.floor(next() * 3) }, (_, index) => {
    const layer: HeaderSpec[] = index === 0 || chance(0.3) ? [{ path: './', ...metadata('dir'), mode: 0o755 }] : []
    const own = new Set<string>()
    whiteouts(layer, own)
    entries(layer, own)
    return layer
  })
}

export const archivesOf = (layers: readonly (readonly HeaderSpec[])[]): Buffer[] => layers.map((layer) => tar(...layer))
