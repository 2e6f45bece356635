/** One mounted cgroup hierarchy, as far as this process can see and use it. */
export interface Hierarchy {
  readonly version: 1 | 2
  readonly mountPoint: string
  /**
   * v1: the controllers bound to the hierarchy, none for a named one. v2: those that can be enabled for groups made
   * below {@link top}.
   */
  readonly controllers: readonly string[]
  /** v1: `systemd` for a hierarchy mounted with `name=systemd`, which keeps track of processes and limits nothing. */
  readonly name?: string
  /** The mount is read-only, as it is inside most containers. */
  readonly readOnly: boolean
  /** Directory of the group this process is in; absent when the mount doesn't show it. */
  readonly own?: string
  /**
   * The highest directory below which this process may make groups: the mount point for root, the delegated subtree
   * for a plain user. Paths of groups are taken beneath it. Absent: nowhere.
   */
  readonly top?: string
  /** Names of files seen in a group of the hierarchy: what this kernel offers. May be empty (not looked at). */
  readonly files: readonly string[]
}

/** What cgroups a host has. */
export interface CgroupHost {
  /**
   * `v1`: only version 1 hierarchies; `v2`: only the unified one; `hybrid`: both, each controller in one of them;
   * `none`: no cgroup file system is mounted.
   */
  readonly mode: 'v1' | 'v2' | 'hybrid' | 'none'
  readonly hierarchies: readonly Hierarchy[]
  /** Sizes of huge pages as hugetlb's files spell them: `2MB`, `1GB`. */
  readonly hugePageSizes: readonly string[]
}

/** The hierarchy in which a controller limits groups; undefined if there is none. v1's names: `blkio`; v2's: `io`. */
export const hierarchyOf = (host: CgroupHost, version: 1 | 2, controller: string): Hierarchy | undefined =>
  host.hierarchies.find((each) => each.version === version && each.controllers.includes(controller))

/**
 * Is this file certainly missing? A file is known to be missing only if another one that always stands beside it was
 * seen: the root group of v2 shows next to nothing.
 */
export const lacks = (hierarchy: Hierarchy, file: string, neighbour: string): boolean =>
  hierarchy.files.includes(neighbour) && !hierarchy.files.includes(file)
