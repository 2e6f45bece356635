import type { VersionFreezer } from '../group/version-freezer.js'

/** cgroup v1 freezer, see Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst. It reports nothing: one polls. */
export const freezer: VersionFreezer = {
  file: 'freezer.state',
  frozen: 'FROZEN',
  thawed: 'THAWED',
  /** FREEZING until the last process stands still; one that waits uninterruptibly takes its time. */
  isFrozen: (read) => read('freezer.state') === 'FROZEN',
  interval: 10,
}
