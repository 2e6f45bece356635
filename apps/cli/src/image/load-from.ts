import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type ImageStore, type Lease, type LoadedImage, loadImages } from '@rt/image'
import type { RegistryClient } from '@rt/registry'
import { ownName } from './names.js'

const STDIN = 0

/** Images of an archive, under the names that it has, as Docker reads them: `app:v1` is docker.io's. */
export const loadFrom = (
  store: ImageStore,
  client: RegistryClient,
  path: string | undefined,
  signal: AbortSignal | undefined,
  lease?: Lease,
): Promise<LoadedImage[]> =>
  withFile(store, path, (file) =>
    loadImages(store, file, { wholeName: (name) => ownName(client, name), ...(signal ? { signal } : {}) }, lease),
  )

/**
 * Gives a file, or what stdin has as one: an archive's compression is told by its beginning, and its end is looked at.
 *
 * @param path undefined, or `-`: stdin
 */
export async function withFile<T>(
  store: ImageStore,
  path: string | undefined,
  use: (path: string) => Promise<T>,
): Promise<T> {
  if (path !== undefined && path !== '-') return use(path)
  // Beside the store, where there is room for images.
  const folder = mkdtempSync(join(store.rootDir, 'stdin-'))
  try {
    const file = join(folder, 'stdin')
    copyStdin(file)
    return await use(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function copyStdin(file: string): void {
  const fd = openSync(file, 'wx', 0o600)
  try {
    const buffer = Buffer.allocUnsafe(1 << 18)
    for (let read = readSync(STDIN, buffer); read > 0; read = readSync(STDIN, buffer)) {
      for (let at = 0; at < read; ) at += writeSync(fd, buffer, at, read - at)
    }
  } finally {
    closeSync(fd)
  }
}
