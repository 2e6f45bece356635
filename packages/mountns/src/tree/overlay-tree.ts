import type { Step } from '@rt/program'
import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { refuse } from '../options/refuse.js'
import { checkOverlayLayers, handOverLayers, makeOverlay, type OverlayLayers, openLayers } from './overlay-layers.js'

export interface OverlayTreeOptions extends OverlayLayers {
  readonly origin?: string
}

const OPTIONS: OptionKeys<OverlayTreeOptions> = {
  origin: true,
  lower: true,
  upper: true,
  size: true,
  userxattr: true,
  idmap: true,
}

/**
 * Read-only layers under a writable one, as the container's root. Saves `$tree`. What is mounted below a layer's
 * directory is not part of it: with the host's `/` as the only layer, /proc and /home on a disk of its own are empty.
 *
 * @throws RtError RT_INVALID_OPTION with every complaint
 */
export function overlayTree(options: OverlayTreeOptions): Step {
  refuseUnknownOptions('overlayTree', options, OPTIONS)
  const { origin = 'default', upper } = options
  const name = 'root tree'
  refuse(name, origin, checkOverlayLayers(options))
  return {
    name,
    why:
      typeof upper === 'object'
        ? 'layers under a directory that keeps the changes'
        : upper === 'none'
          ? 'layers as one tree'
          : 'read-only layers under a writable tmpfs, gone with the container',
    origin,
    'host.open': openLayers(options),
    meets: [{ at: 'init.enter', host: handOverLayers(options) }],
    'init.mount': makeOverlay(options, '$tree'),
  }
}
