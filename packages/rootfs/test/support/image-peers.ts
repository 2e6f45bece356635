import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepare } from '@rt/rootfs'
import { close } from '@rt/sys'
import { temporaryFolder } from '../../../../tooling/fixtures/temporary-folder.js'
import { mountErofs } from '../../src/erofs/mount-erofs.js'
import { mountOverlay } from '../../src/prepare/overlay-mount.js'
import { extract, sandbox } from './extract.js'
import { foldersOf } from './folders.js'
import { layoutOf } from './layout.js'
import { listing } from './listing.js'

/** What becomes of an image's layers: the listing of the tree that they make. */
export type Reading = (layers: readonly Buffer[], since: number) => Promise<string[]> | string[]

/** `rt unpack`: the layers applied to one directory; in this thread, for the start of one takes longer. */
export const unpacked: Reading = (layers, since) => {
  const { target } = sandbox()
  extract(target, layers)
  return listing(target, since)
}

/** What `rt run` sees: layer by layer in overlay's form, put together by the kernel. */
export const merged: Reading = (layers, since) => {
  const folder = temporaryFolder('overlay')
  const lower: string[] = []
  for (const [index, layer] of layers.entries()) {
    const path = join(folder, String(index))
    mkdirSync(path)
    if (extract(path, [layer], { lower: [...lower] }).opaqueRoot) lower.length = 0
    lower.unshift(path)
  }
  return listOverlay(lower, since)
}

/** The same, through the commands' own functions, the threads and the cache. */
export const prepared: Reading = async (layers, since) => {
  const root = await prepare(`oci:${layoutOf(layers)}`, { rootDir: temporaryFolder('cache') })
  try {
    return listOverlay(foldersOf(root), since)
  } finally {
    root.dispose()
  }
}

/** The same with layers that stay tars, where an index can describe them. */
export const indexed: Reading = async (layers, since) => {
  const root = await prepare(`oci:${layoutOf(layers)}`, { rootDir: temporaryFolder('cache'), layers: 'erofs' })
  const mounts: number[] = []
  try {
    const paths = root.lower.map((layer) => {
      if (typeof layer === 'string') return layer
      const fd = mountErofs(layer)
      mounts.push(fd)
      return `/proc/self/fd/${fd}`
    })
    return listOverlay(paths, since)
  } finally {
    for (const fd of mounts) close(fd)
    root.dispose()
  }
}

function listOverlay(lower: readonly string[], since: number): string[] {
  if (lower.length === 1) return listing(`${lower[0]}/.`, since)
  const mount = mountOverlay(lower)
  try {
    return listing(`/proc/self/fd/${mount}/.`, since)
  } finally {
    close(mount)
  }
}

export const umoci: Reading = (layers, since) => {
  const target = join(temporaryFolder('umoci'), 'root')
  execFileSync('umoci', ['raw', 'unpack', '--image', `${layoutOf(layers)}:latest`, target], { stdio: 'pipe' })
  return listing(target, since)
}

/** Podman's and CRI-O's library, each layer a copy of the one below (vfs). */
export const containersStorage: Reading = (layers, since) => {
  const folder = temporaryFolder('storage')
  const where = ['--graph', `${folder}/graph`, '--run', `${folder}/run`, '--storage-driver', 'vfs']
  let parent: string[] = []
  let id = ''
  for (const [index, layer] of layers.entries()) {
    writeFileSync(`${folder}/layer`, layer)
    id = String(index + 1).padStart(64, '0')
    const args = [...where, 'import-layer', '--id', id, '--file', `${folder}/layer`, ...parent]
    execFileSync('containers-storage', args, { stdio: 'pipe' })
    parent = [id]
  }
  return listing(`${folder}/graph/vfs/dir/${id}`, since)
}
