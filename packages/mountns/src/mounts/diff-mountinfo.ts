import type { MountInfo } from '@rt/sys'

export interface MountinfoDifference {
  readonly added: readonly MountInfo[]
  readonly removed: readonly MountInfo[]
  /** The same mount with other options, propagation, parent or place. */
  readonly changed: readonly { readonly before: MountInfo; readonly after: MountInfo }[]
}

/**
 * What happened between two snapshots of one mount namespace. Mounts are told apart by their ids; since the kernel
 * gives a freed id away again, one that now shows another file system is a mount removed and a mount added.
 */
export function diffMountinfo(before: readonly MountInfo[], after: readonly MountInfo[]): MountinfoDifference {
  const old = new Map(before.map((mount) => [mount.id, mount]))
  const added: MountInfo[] = []
  const removed: MountInfo[] = []
  const changed: { before: MountInfo; after: MountInfo }[] = []
  for (const mount of after) {
    const earlier = old.get(mount.id)
    old.delete(mount.id)
    if (!earlier) added.push(mount)
    else if (!isSameMount(earlier, mount)) {
      removed.push(earlier)
      added.push(mount)
    } else if (JSON.stringify(earlier) !== JSON.stringify(mount)) changed.push({ before: earlier, after: mount })
  }
  return { added, removed: [...removed, ...old.values()], changed }
}

const isSameMount = (a: MountInfo, b: MountInfo): boolean =>
  a.device === b.device && a.root === b.root && a.type === b.type
