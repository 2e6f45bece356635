import { type TarEntry, TarReader, type TarReaderOptions } from '@rt/rootfs'

/** A member with its content, the holes of a sparse file filled with zeros. */
export type ReadEntry = TarEntry & { readonly content: Buffer }

/** All members of an archive, fed in pieces of `step` bytes. */
export function readTar(archive: Uint8Array, step = archive.length, options: TarReaderOptions = {}): ReadEntry[] {
  const entries: ReadEntry[] = []
  const reader = new TarReader(
    {
      entry: (entry) => entries.push({ ...entry, content: Buffer.alloc(entry.size) }),
      data: (bytes, position) => entries.at(-1)!.content.set(bytes, position),
      end: () => {},
    },
    options,
  )
  for (let at = 0; at < archive.length; at += step) reader.write(archive.subarray(at, at + step))
  reader.end()
  return entries
}
