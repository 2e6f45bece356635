import { statSync } from 'node:fs'
import { RtError } from '@rt/sys'
import { openImageContent } from '../oci/image.js'
import type { Platform } from '../oci/platform.js'
import type { Source } from '../source/source.js'
import type { Archive } from './archive.js'

/** The archives that a source consists of, the lowest first, with their sizes. */
export interface SourceArchives {
  readonly archives: readonly (Archive & { readonly size: number })[]
  /** See TarReaderOptions: what is verified by a digest needs no end mark. */
  readonly endMark: 'required' | 'optional'
}

/** @throws RtError RT_INVALID_OPTION for the host and for directories: they are unpacked already */
export async function archivesOf(source: Source, platform: Platform | undefined): Promise<SourceArchives> {
  if (source.kind === 'oci') {
    const { layers } = await openImageContent(source.path, source, platform)
    return { archives: layers, endMark: 'optional' }
  }
  if (source.kind === 'tar') {
    return { archives: [{ path: source.path, size: statSync(source.path).size }], endMark: 'required' }
  }
  const what = source.kind === 'host' ? 'the host’s root' : JSON.stringify(source.path)
  throw new RtError('RT_INVALID_OPTION', `cannot unpack ${what}: it is a directory already`, {
    origin: 'SOURCE',
    hint: 'copy it with: cp -a SOURCE DIR',
  })
}
