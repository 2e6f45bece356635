import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_RELATIME,
  MOUNT_ATTR_STRICTATIME,
} from '@rt/sys'
import { PROPAGATION, type Propagation } from './propagation.js'

/** What a word of a mount's options does. */
export type MountOption =
  /** An attribute of one mount (mount_setattr(2)): bits to set and to clear; with `recursive`, of all mounts below too. */
  | {
      readonly kind: 'attribute'
      readonly set: number
      readonly clear: number
      readonly recursive?: true
      readonly since?: string
    }
  /** How mounts spread to copies of this mount. Its own kind: mount(2) has these bits, but no mount option sets them. */
  | { readonly kind: 'propagation'; readonly propagation: Propagation }
  /** A property of the file system (its superblock), the same wherever it is mounted: handed on as a parameter. */
  | { readonly kind: 'superblock' }
  /** Not a new file system but what is at the source; with `recursive`, with the mounts below it. */
  | { readonly kind: 'bind'; readonly recursive: boolean }
  /** Owners are mapped by the container's user namespace, on the mount or on all below it too. Linux 5.12. */
  | { readonly kind: 'idmap'; readonly recursive: boolean }
  /** Accepted for the sake of fstab and OCI, with nothing left to do in the mount API of Linux 5.2; why. */
  | { readonly kind: 'none'; readonly why: string }

interface Attribute {
  readonly set?: number
  readonly clear?: number
  readonly since?: string
}

/** mount(8)'s words for attributes. The atime words exclude each other: each clears the whole field first. */
const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  ro: { set: MOUNT_ATTR_RDONLY },
  rw: { clear: MOUNT_ATTR_RDONLY },
  nosuid: { set: MOUNT_ATTR_NOSUID },
  suid: { clear: MOUNT_ATTR_NOSUID },
  nodev: { set: MOUNT_ATTR_NODEV },
  dev: { clear: MOUNT_ATTR_NODEV },
  noexec: { set: MOUNT_ATTR_NOEXEC },
  exec: { clear: MOUNT_ATTR_NOEXEC },
  nosymfollow: { set: MOUNT_ATTR_NOSYMFOLLOW, since: '5.14' },
  symfollow: { clear: MOUNT_ATTR_NOSYMFOLLOW, since: '5.14' },
  nodiratime: { set: MOUNT_ATTR_NODIRATIME },
  diratime: { clear: MOUNT_ATTR_NODIRATIME },
  noatime: { set: MOUNT_ATTR_NOATIME, clear: MOUNT_ATTR__ATIME },
  strictatime: { set: MOUNT_ATTR_STRICTATIME, clear: MOUNT_ATTR__ATIME },
  relatime: { set: MOUNT_ATTR_RELATIME, clear: MOUNT_ATTR__ATIME },
  // The opposite of each is the kernel's default, relatime (since Linux 2.6.30).
  atime: { set: MOUNT_ATTR_RELATIME, clear: MOUNT_ATTR__ATIME },
  nostrictatime: { set: MOUNT_ATTR_RELATIME, clear: MOUNT_ATTR__ATIME },
  norelatime: { set: MOUNT_ATTR_RELATIME, clear: MOUNT_ATTR__ATIME },
}

/** Words that fs/fs_context.c takes for any file system. */
const SUPERBLOCK = ['sync', 'async', 'dirsync', 'mand', 'nomand', 'lazytime', 'nolazytime'] as const

const NONE: Readonly<Record<string, string>> = {
  defaults: 'what is not said is the kernel’s default',
  loud: 'the default',
  silent: 'it only kept messages out of the kernel’s log',
  iversion: 'file systems decide for themselves',
  noiversion: 'file systems decide for themselves',
}

const recursive = 'r'

/**
 * Every word that is not a file system's own. The words with an r before them (`rro`, `rnosuid`, OCI's) are computed:
 * the same attribute for the mount and all below it.
 */
export const MOUNT_OPTIONS: Readonly<Record<string, MountOption>> = Object.freeze({
  ...Object.fromEntries(
    Object.entries(ATTRIBUTES).flatMap(([name, { set = 0, clear = 0, since }]) => {
      const option = { kind: 'attribute' as const, set, clear, ...(since ? { since } : {}) }
      return [
        [name, option],
        [recursive + name, { since: '5.12', ...option, recursive: true as const }],
      ]
    }),
  ),
  ...Object.fromEntries(
    (Object.keys(PROPAGATION) as Propagation[]).map((propagation) => [
      propagation,
      { kind: 'propagation' as const, propagation },
    ]),
  ),
  ...Object.fromEntries(SUPERBLOCK.map((name) => [name, { kind: 'superblock' as const }])),
  ...Object.fromEntries(Object.entries(NONE).map(([name, why]) => [name, { kind: 'none' as const, why }])),
  bind: { kind: 'bind', recursive: false },
  rbind: { kind: 'bind', recursive: true },
  idmap: { kind: 'idmap', recursive: false },
  ridmap: { kind: 'idmap', recursive: true },
})
