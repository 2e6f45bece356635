import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { specifiers } from './modules.js'

/** Which packages each one may import; the names are the folders below packages/. */
export type Arrows = Readonly<Record<string, readonly string[]>>

/** DESIGN.md section 4. The five middle packages don't know each other: what they share is the Step. */
export const arrows: Arrows = {
  sys: [],
  program: ['sys'],
  mountns: ['sys', 'program'],
  cgroups: ['sys', 'program'],
  chroot: ['sys', 'program'],
  // Any OS, and nothing of ours: bytes out of a tree.
  erofs: [],
  rootfs: ['sys', 'program', 'erofs'],
  seccomp: ['sys', 'program'],
  // Any OS, and no step: of sys it has the errors alone.
  registry: ['sys'],
  // What a registry has, kept where rootfs unpacks it from.
  image: ['sys', 'registry', 'rootfs'],
}

/** An import that is no arrow. */
export interface ForbiddenImport {
  /** Relative to the repository. */
  file: string
  /** Counted from 1. */
  line: number
  /** As written in the source. */
  specifier: string
  reason: string
}

/**
 * Finds every import in packages/<name>/src that the arrows don't allow, and every package.json dependency likewise.
 * Imports are all the ways one module names another: import, import type, import(), export from, import x = require(),
 * typeof import(), require(), require.resolve(), import.meta.resolve() and new URL(…, import.meta.url).
 *
 * Tests (packages/<name>/test) may import any package by its name, since nothing is published of them.
 *
 * @param root the repository's folder.
 */
export function forbiddenImports(root: string, allowed: Arrows): ForbiddenImport[] {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const folder = join(root, 'packages', name)
    if (!existsSync(join(folder, 'package.json'))) return []
    const targets = allowed[name]
    if (targets === undefined) {
      const reason = 'this package has no row in tooling/checks/arrows.ts'
      return [{ file: join('packages', name, 'package.json'), line: 1, specifier: `@rt/${name}`, reason }]
    }
    return [...manifestArrows(root, name, targets), ...sourceArrows(root, name, targets)]
  })
}

function manifestArrows(root: string, name: string, targets: readonly string[]): ForbiddenImport[] {
  const file = join('packages', name, 'package.json')
  const text = readFileSync(join(root, file), 'utf8')
  const manifest = JSON.parse(text) as Record<string, Record<string, string> | undefined>
  return ['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((field) =>
    Object.keys(manifest[field] ?? {}).flatMap((specifier) => {
      const reason = packageReason(name, specifier, targets)
      const line = text.slice(0, text.indexOf(`"${specifier}"`)).split('\n').length
      return reason ? [{ file, line, specifier, reason }] : []
    }),
  )
}

function sourceArrows(root: string, name: string, targets: readonly string[]): ForbiddenImport[] {
  const source = join(root, 'packages', name, 'src')
  if (!existsSync(source)) return []
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.[cm]?[jt]sx?$/.test(file),
  )
  return files.flatMap((entry) => {
    const path = join(source, entry)
    return specifiers(path).flatMap(({ specifier, line }) => {
      const reason = specifier.startsWith('.')
        ? escapeReason(resolve(dirname(path), specifier), join(root, 'packages', name))
        : packageReason(name, specifier, targets)
      return reason ? [{ file: relative(root, path), line, specifier, reason }] : []
    })
  })
}

function packageReason(name: string, specifier: string, targets: readonly string[]): string | undefined {
  if (!specifier.startsWith('@rt/')) return undefined
  const [target = '', ...deeper] = specifier.slice('@rt/'.length).split('/')
  if (target === name) return 'a package imports its own files by relative paths'
  if (!targets.includes(target)) {
    return `@rt/${name} may import ${targets.map((allowed) => `@rt/${allowed}`).join(' and ') || 'no package of ours'}`
  }
  return deeper.length > 0 ? `only @rt/${target} itself is public` : undefined
}

function escapeReason(target: string, folder: string): string | undefined {
  return target === folder || target.startsWith(folder + sep) ? undefined : 'a relative path that leaves the package'
}
