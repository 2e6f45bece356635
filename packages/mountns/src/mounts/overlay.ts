import type { Step } from '@rt/program'
import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { attach } from '../destination/attach.js'
import { checkDestination } from '../destination/destination.js'
import { applyOptions } from '../options/attributes.js'
import { parseMountOptions } from '../options/parse-mount-options.js'
import { refuse } from '../options/refuse.js'
import {
  checkOverlayLayers,
  handOverLayers,
  makeOverlay,
  type OverlayLayers,
  openLayers,
} from '../tree/overlay-layers.js'
import { type Mount, mountField, mountName } from './mount-entry.js'
import { checkProtectedDestination } from './protected-destination.js'

const OPTIONS: OptionKeys<Omit<Mount, 'type' | 'source' | 'layout'> & OverlayLayers> = {
  destination: true,
  options: true,
  origin: true,
  index: true,
  lower: true,
  upper: true,
  size: true,
  userxattr: true,
  idmap: true,
}

/**
 * Layers mounted on a destination beneath `$root`.
 *
 * @param mounted `options` are words for the mount (`ro`, `nosuid`); the layers are given by their own fields
 * @throws RtError RT_INVALID_OPTION with every complaint
 */
export function overlay(mounted: Omit<Mount, 'type' | 'source' | 'layout'> & OverlayLayers): Step {
  refuseUnknownOptions('overlay', mounted, OPTIONS)
  const { destination, origin = 'default' } = mounted
  const name = mountName(mounted)
  const options = mountField(mounted, 'options')
  const parsed = parseMountOptions(mounted.options ?? [], options)
  refuse(name, origin, [
    ...checkDestination(mountField(mounted, 'destination'), destination),
    ...checkProtectedDestination(mountField(mounted, 'destination'), { type: 'overlay', destination }, false),
    ...checkOverlayLayers(mounted),
    ...parsed.complaints,
    ...parsed.parameters.map((parameter) => ({
      path: options,
      message: `${JSON.stringify(parameter.name)} is no option of a mount; layers are given by lower and upper`,
    })),
  ])
  return {
    name,
    why: 'layers as one directory',
    origin,
    'host.open': openLayers(mounted),
    meets: [{ at: 'init.enter', host: handOverLayers(mounted) }],
    'init.mount': [
      ...makeOverlay(mounted, 'mount'),
      ...applyOptions('mount', parsed),
      ...attach('mount', destination, { make: 'directory', symlinks: 'in-root' }),
    ],
  }
}
