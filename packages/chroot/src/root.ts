import { call, ROOT, ref, type Step, type StepList } from '@rt/program'

const AT_FDCWD = -100
const MNT_DETACH = 2

/**
 * Change the root to the tree that a tree step saved as `$tree`: attach it on a neutral place of init's private mount
 * namespace (/proc: it is on every host that runs Node), mount onto it, pivot_root(2), detach the old root.
 */
export const root = (tree: StepList, mounts: StepList, origin?: string): StepList => [
  tree,
  {
    name: 'attach root',
    why: 'only an attached tree can be mounted upon',
    ...(origin === undefined ? {} : { origin }),
    inside: [
      call('move_mount', [ref('$tree'), '', AT_FDCWD, '/proc', 4]),
      call('fcntl', [ref('$tree'), 1030, 3], { save: ROOT, of: '/' }),
    ],
  } satisfies Step,
  mounts,
  {
    name: 'pivot_root',
    why: 'the old root is gone, not merely out of sight as after chroot',
    ...(origin === undefined ? {} : { origin }),
    inside: [
      call('fchdir', [ref(ROOT)]),
      call('pivot_root', ['.', '.']),
      call('umount2', ['.', MNT_DETACH]),
      call('chdir', ['/']),
    ],
  } satisfies Step,
]
