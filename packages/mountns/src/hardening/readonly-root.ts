import { ROOT, type Step } from '@rt/program'
import { MOUNT_ATTR_RDONLY } from '@rt/sys'
import { setAttributes } from '../options/attributes.js'

/**
 * The container's root is read-only; what is mounted on it is not. Comes after the mounts, whose missing destinations
 * are still made, and before the root is changed.
 */
export const readonlyRoot = (origin = 'default'): Step => ({
  name: 'read-only root',
  why: 'the container can write only into what is mounted for that',
  origin,
  'init.pivot': [setAttributes(ROOT, MOUNT_ATTR_RDONLY)],
})
