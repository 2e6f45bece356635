import { call, type Step } from '@rt/program'
import { MS_PRIVATE, MS_REC, MS_SHARED, MS_SLAVE, MS_UNBINDABLE } from '@rt/sys'

/**
 * Whether mounts made on one copy of a mount appear on the others; mount_namespaces(7), "Shared subtrees". The words
 * are mount(8)'s, Docker's (`bind-propagation`) and OCI's (`rootfsPropagation`); those with an r include all mounts
 * below.
 */
export type Propagation =
  | 'private'
  | 'rprivate'
  | 'slave'
  | 'rslave'
  | 'shared'
  | 'rshared'
  | 'unbindable'
  | 'runbindable'

/** Word → type (for the propagation field of mount_attr) and whether it includes the mounts below. */
export const PROPAGATION: Readonly<Record<Propagation, { readonly type: number; readonly recursive: boolean }>> = {
  private: { type: MS_PRIVATE, recursive: false },
  rprivate: { type: MS_PRIVATE, recursive: true },
  slave: { type: MS_SLAVE, recursive: false },
  rslave: { type: MS_SLAVE, recursive: true },
  shared: { type: MS_SHARED, recursive: false },
  rshared: { type: MS_SHARED, recursive: true },
  unbindable: { type: MS_UNBINDABLE, recursive: false },
  runbindable: { type: MS_UNBINDABLE, recursive: true },
}

export const isPropagation = (word: string): word is Propagation => Object.hasOwn(PROPAGATION, word)

/** mount(2) that changes the propagation of the mount at `/`. */
export const changePropagation = (propagation: Propagation, why: string) => {
  const { type, recursive } = PROPAGATION[propagation]
  return call('mount', [null, '/', null, recursive ? MS_REC | type : type, null], { why })
}

/**
 * The propagation of the container's own root, as in `linux.rootfsPropagation` of OCI. Comes after the step that
 * changes the root: pivot_root(2) refuses a shared one.
 */
export const rootPropagation = (propagation: Propagation, origin = 'default'): Step => ({
  name: 'root propagation',
  why: 'whether mounts of the container and of the host show up at each other',
  origin,
  'init.pivot': [changePropagation(propagation, `the root becomes ${propagation}`)],
})
