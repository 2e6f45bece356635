import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type ImageStore, type Lease, type LoadedImage, loadImages } from '@rt/image'
import type { RegistryClient } from '@rt/registry'
import { ownName } from './names.js'

/** Images of an archive, under the names that it has, as Docker reads them: `app:v1` is docker.io's. */
export const loadFrom = (
  store: ImageStore,
  client: RegistryClient,
  path: string | undefined,
  signal: AbortSignal | undefined,
  lease?: Lease,
): Promise<LoadedImage[]> =>
  withFile(store, path, signal, (file) =>
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
  signal: AbortSignal | undefined,
  use: (path: string) => Promise<T>,
): Promise<T> {
  if (path !== undefined && path !== '-') return use(path)
  // Beside the store, where there is room for images.
  const folder = mkdtempSync(join(store.rootDir, 'stdin-'))
  try {
    const file = join(folder, 'stdin')
    await copyStdin(file, signal)
    return await use(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** By Node's own stream: a pipe that nobody writes to can be given up. @throws the signal's reason */
async function copyStdin(file: string, signal: AbortSignal | undefined): Promise<void> {
  const { stdin } = process
  const stop = () => stdin.destroy(signal?.reason as Error)
  signal?.throwIfAborted()
  signal?.addEventListener('abort', stop)
  const fd = openSync(file, 'wx', 0o600)
  try {
    for await (const chunk of stdin as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at)
    }
  } finally {
    closeSync(fd)
    signal?.removeEventListener('abort', stop)
  }
}
