import type { MountInfo } from '@rt/sys'

/** What was seen of one default container: from inside, and of its process 1 from the host. */
export interface Seen {
  /** What a command printed, in a container with such options. */
  inside(script: string, ...options: string[]): string
  /** What is mounted inside. */
  readonly mounts: readonly MountInfo[]
  /** `major:minor` of what is mounted on the host. */
  readonly hostDevices: ReadonlySet<string>
  /** As the links of /proc/self/ns name them. */
  readonly callersNamespaces: ReadonlySet<string>
  /** /proc/PID/cgroup of its process 1 and of the caller, as the host sees them. */
  readonly groups: { readonly own: string; readonly callers: string }
}

/** One thing by which containers are told apart. */
export interface Aspect {
  readonly title: string
  /** Measured, as Markdown. */
  readonly shown: (seen: Seen) => string
}
