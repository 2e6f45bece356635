import { readFileSync } from 'node:fs'
import { RtError } from '@rt/sys'
import type { OverlayNamespace } from '../extract/overlay-marks.js'
import { isObject } from '../oci/json.js'

/** Changed when an unpacked layer would look different. */
const VERSION = 1

/** What is known of an unpacked layer: kept beside it. */
export interface LayerInfo {
  readonly version: number
  /** How whiteouts and opaque directories are marked. */
  readonly namespace: OverlayNamespace
  /** The layer hides all that is below it. */
  readonly opaqueRoot: boolean
  readonly entries: number
  readonly bytes: number
  readonly warnings: readonly string[]
}

export const encodeLayerInfo = (info: Omit<LayerInfo, 'version'>): string =>
  `${JSON.stringify({ version: VERSION, ...info })}\n`

/** @returns undefined if the file is not there: then the layer isn't either @throws RtError RT_UNSUPPORTED */
export function readLayerInfo(path: string): LayerInfo | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    // ENOTDIR: the cache directory itself is none, which is told where it is made.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code!)) return undefined
    throw error
  }
  const info: unknown = JSON.parse(text)
  if (isObject(info) && info.version === VERSION) return info as unknown as LayerInfo
  throw new RtError('RT_UNSUPPORTED', `${JSON.stringify(path)} is of another version of rt`, {
    hint: 'remove the cache directory, or choose another with --root-dir',
  })
}
