import { closeSync, fdatasyncSync, openSync, writeFileSync, writeSync } from 'node:fs'
import type { Limits } from '../extract/limits.js'
import type { MergedView } from '../layers/merged-view.js'
import { TarReader } from '../tar/reader.js'
import { type Archive, contentOf, type FeedOptions } from '../unpack/archive.js'
import { CONTENT_FILE, INDEX_FILE } from './files.js'
import { type Indexed, LayerIndex } from './layer-index.js'

const BLOCK = 512

/**
 * Keeps an archive as it is, decompressed, with an index beside it, in a directory.
 *
 * @param directory path of it
 * @param lower what the layers below show; undefined: there are none
 * @throws what makes an archive be refused; an error that `isNotHeld` of @rt/erofs knows, where it must be unpacked
 */
export async function indexArchive(
  directory: string,
  archive: Archive,
  lower: MergedView | undefined,
  options: FeedOptions & { readonly limits: Limits; readonly endMark: 'required' | 'optional' },
): Promise<Omit<Indexed, 'image'>> {
  const content = openSync(`${directory}/${CONTENT_FILE}`, 'wx', 0o600)
  try {
    const index = new LayerIndex(lower, options.limits)
    const reader = new TarReader(index, { endMark: options.endMark })
    let size = 0
    for await (const piece of contentOf(archive, options)) {
      reader.write(piece)
      for (let at = 0; at < piece.length; ) at += writeSync(content, piece, at)
      size += piece.length
    }
    reader.end()
    // Whole blocks, or the last file's end would be read as beyond the device's.
    if (size % BLOCK !== 0) size += writeSync(content, Buffer.alloc(BLOCK - (size % BLOCK)))
    const { image, ...rest } = index.finish(size)
    const file = openSync(`${directory}/${INDEX_FILE}`, 'wx', 0o600)
    try {
      writeFileSync(file, image)
      fdatasyncSync(file)
    } finally {
      closeSync(file)
    }
    return rest
  } finally {
    closeSync(content)
  }
}
