import { O_DIRECTORY, O_PATH, RtError, syscall } from '@rt/sys'
import { CONTENT_FILE, INDEX_FILE } from '../erofs/files.js'
import { nul, tryOpen } from '../extract/calls.js'
import type { OverlayNamespace } from '../extract/overlay-marks.js'
import { isObject } from '../oci/json.js'
import { readPrivateFile } from './private-file.js'

/** Changed when an unpacked layer would look different: those of an older version are unpacked anew. */
const VERSION = 2

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

/** A layer's directory, looked at. */
export type FoundLayer = LayerInfo | 'damaged'

/** What a layer's directory holds: its files, or its tar with an index. */
export type CacheForm = 'folder' | 'erofs'

/** Names that are there if it is whole, and what each is. */
const PARTS: Readonly<Record<CacheForm, readonly (readonly [name: string, flags: number])[]>> = {
  folder: [['fs', O_PATH | O_DIRECTORY]],
  erofs: [
    [INDEX_FILE, O_PATH],
    [CONTENT_FILE, O_PATH],
  ],
}

/**
 * Looks at a layer's directory.
 *
 * @param directory fd
 * @param path for the error
 * @returns `damaged` for what rt doesn't leave behind, whoever did: no tree, or no information, or not all of it
 * @throws RtError RT_UNSUPPORTED for what a newer version of rt made, or rt with other privileges
 */
export function readLayer(
  directory: number,
  path: string,
  namespace: OverlayNamespace,
  form: CacheForm = 'folder',
): FoundLayer {
  for (const [name, flags] of PARTS[form]) {
    const part = tryOpen(directory, nul(name), flags)
    if (part < 0) return 'damaged'
    syscall('close', part)
  }
  const info = parse(readPrivateFile(directory, 'layer.json'))
  if (!isObject(info) || typeof info.version !== 'number' || info.version < VERSION) return 'damaged'
  const hint = 'remove the cache directory, or choose another with --root-dir'
  if (info.version > VERSION) {
    throw new RtError('RT_UNSUPPORTED', `${JSON.stringify(path)} is of a newer version of rt`, { hint })
  }
  if (!isLayerInfo(info)) return 'damaged'
  if (info.namespace !== namespace) {
    const marks = `it has ${info.namespace}* marks, and ${namespace}* are read here`
    const message = `${JSON.stringify(path)} was unpacked by rt with other privileges: ${marks}`
    throw new RtError('RT_UNSUPPORTED', message, { hint })
  }
  return info
}

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined // cut, or overwritten: the layer is unpacked anew
  }
}

function isLayerInfo(info: object): info is LayerInfo {
  const { namespace, opaqueRoot, entries, bytes, warnings } = info as Record<string, unknown>
  return (
    (namespace === 'trusted.overlay.' || namespace === 'user.overlay.') &&
    typeof opaqueRoot === 'boolean' &&
    typeof entries === 'number' &&
    typeof bytes === 'number' &&
    Array.isArray(warnings) &&
    warnings.every((warning) => typeof warning === 'string')
  )
}
