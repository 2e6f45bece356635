import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { type ImageInfo, type ImageStore, listImages, saveImages } from '@rt/image'
import type { RegistryClient } from '@rt/registry'
import { RtError } from '@rt/sys'
import { imageOf, wholeNames } from './names.js'

const STDOUT = 1

/** Images as a tar, each under the names by which it was given: by its ID it has all that it has, as with docker. */
export function saveNamed(
  store: ImageStore,
  client: RegistryClient,
  texts: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const saved = new Map<string, { image: ImageInfo; names: Set<string> }>()
  for (const text of texts) {
    const image = imageOf(store, client, text)
    const { names } = saved.get(image.digest) ?? { names: new Set<string>() }
    const isNamed =
      !text.startsWith('sha256:') && image.name !== undefined && wholeNames(client, text).includes(image.name)
    const all = listImages(store).images.filter(({ digest }) => digest === image.digest)
    for (const name of isNamed ? [image.name as string] : all.flatMap((each) => each.name ?? [])) names.add(name)
    saved.set(image.digest, { image, names })
  }
  return saveImages(
    store,
    [...saved.values()].map(({ image, names }) => ({ image, names: [...names] })),
    { signal },
  )
}

/**
 * Writes bytes to stdout, or to a file, which gets its name when all of it is there.
 *
 * @throws RtError RT_SYSCALL for a place that can't be written
 */
export async function saveTo(path: string | undefined, content: AsyncIterable<Uint8Array>): Promise<void> {
  if (path === undefined) {
    for await (const chunk of content) writeAll(STDOUT, chunk)
    return
  }
  const partial = `${path}.${process.pid}.part`
  try {
    const fd = openSync(partial, 'wx', 0o600)
    try {
      for await (const chunk of content) writeAll(fd, chunk)
    } finally {
      closeSync(fd)
    }
    renameSync(partial, path)
  } catch (error) {
    rmSync(partial, { force: true })
    if (RtError.isInstance(error) || (error as NodeJS.ErrnoException).code === undefined) throw error
    throw new RtError('RT_SYSCALL', `cannot write ${JSON.stringify(path)}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      // Another program left the pipe non-blocking.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}
