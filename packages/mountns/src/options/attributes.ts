import { call, type Instruction, ref, struct } from '@rt/program'
import { AT_EMPTY_PATH, AT_RECURSIVE, MOUNT_ATTR_SIZE_VER0 } from '@rt/sys'
import type { Attributes, ParsedMountOptions } from './parse-mount-options.js'
import { PROPAGATION } from './propagation.js'

interface Change extends Attributes {
  readonly recursive: boolean
  /** MS_* or 0: as it is. */
  readonly propagation: number
}

/** mount_setattr(2) on the mount whose fd is saved under `mount`. */
const change = (mount: string, { set, clear, recursive, propagation }: Change): Instruction =>
  call('mount_setattr', [
    ref(mount),
    '',
    recursive ? AT_EMPTY_PATH | AT_RECURSIVE : AT_EMPTY_PATH,
    struct('mount_attr', {
      ...(set ? { attr_set: set } : {}),
      ...(clear ? { attr_clr: clear } : {}),
      ...(propagation ? { propagation } : {}),
    }),
    MOUNT_ATTR_SIZE_VER0,
  ])

/** Set attributes of one mount, as it is. */
export const setAttributes = (mount: string, set: number, recursive = false): Instruction =>
  change(mount, { set, clear: 0, recursive, propagation: 0 })

/** What options ask of a mount that exists: as few calls as there are kinds of change, those for all below it first. */
export function applyOptions(
  mount: string,
  { attributes, recursive, propagation }: Pick<ParsedMountOptions, 'attributes' | 'recursive' | 'propagation'>,
): Instruction[] {
  const changes: Change[] = []
  if (recursive.set || recursive.clear) changes.push({ ...recursive, recursive: true, propagation: 0 })
  if (attributes.set || attributes.clear) changes.push({ ...attributes, recursive: false, propagation: 0 })
  for (const word of propagation) {
    const { type, recursive: all } = PROPAGATION[word]
    // The kernel takes one type of propagation a call; it rides along with the first call of the same reach.
    const free = changes.findIndex((each) => each.recursive === all && each.propagation === 0)
    const last = changes.some((each) => each.propagation !== 0)
    const found = changes[free]
    if (found && !last) changes[free] = { ...found, propagation: type }
    else changes.push({ set: 0, clear: 0, recursive: all, propagation: type })
  }
  return changes.map((each) => change(mount, each))
}
