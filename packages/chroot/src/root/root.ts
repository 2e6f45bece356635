import { call, ROOT, ref, type Step, type StepList, struct } from '@rt/program'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  CLONE_NEWNS,
  F_DUPFD_CLOEXEC,
  MOUNT_ATTR_SIZE_VER0,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_PRIVATE,
  type OptionKeys,
  refuseUnknownOptions,
} from '@rt/sys'
import { asked } from '../complaints.js'
import { changeRoot, type RootChange } from './change-root.js'

export interface RootOptions {
  /** How the root is changed; default `pivot_root`. Never chosen silently: see {@link RootChange}. */
  readonly change?: RootChange
  /** The option or config field that asked for this root. */
  readonly origin?: string
}

const OPTIONS: OptionKeys<RootOptions> = { change: true, origin: true }

/** Where the tree is attached for the while before it becomes the root: a mount point on every host that runs Node. */
const NEUTRAL_PLACE = '/proc'

/**
 * Make a mount tree the root: attach it on a scratch mount point of init's own mount namespace, mount onto it, change the
 * root to it. Needs a mount namespace of its own (`namespaces({ mount: true })` comes before).
 *
 * @param tree a step that saves `$tree`: the fd of a detached mount tree (`directoryTree`, `overlayTree`)
 * @param mounts what is mounted on it, each destination resolved beneath `$root`, which this sets
 */
export const root = (tree: StepList, mounts: StepList, options: string | RootOptions = {}): StepList => {
  if (typeof options !== 'string') refuseUnknownOptions('root', options, OPTIONS)
  const { change, origin } = typeof options === 'string' ? { origin: options } : options
  return [tree, attachRoot(origin), mounts, changeRoot(change ?? 'pivot_root', origin)]
}

const makePrivate = struct('mount_attr', { propagation: MS_PRIVATE })

const attachRoot = (origin: string | undefined): Step => ({
  name: 'attach root',
  why: 'only an attached tree can be mounted upon',
  ...asked(origin),
  // On the host's own mount namespace this would cover the host's /proc.
  needs: CLONE_NEWNS,
  'init.mount': [
    call('mount_setattr', [ref('$tree'), '', AT_EMPTY_PATH | AT_RECURSIVE, makePrivate, MOUNT_ATTR_SIZE_VER0], {
      why: 'a copy of a shared mount is its peer: what is mounted on one shows on the other, outside',
    }),
    call('mount_setattr', [AT_FDCWD, NEUTRAL_PLACE, 0, makePrivate, MOUNT_ATTR_SIZE_VER0], {
      why: 'if propagation was left shared, the host would see the new root here',
      // Not a mount point of its own: then it belongs to a mount that `namespaces` made private.
      tolerate: ['EINVAL'],
    }),
    call('move_mount', [ref('$tree'), '', AT_FDCWD, NEUTRAL_PLACE, MOVE_MOUNT_F_EMPTY_PATH]),
    call('fcntl', [ref('$tree'), F_DUPFD_CLOEXEC, 3], { save: ROOT, of: '/' }),
  ],
})
