import { parseFlatKeyed } from '../group/cgroup-text.js'
import type { VersionFreezer } from '../group/version-freezer.js'

/** cgroup v2's own freezer (Linux 5.2), no controller: cgroup.freeze, and cgroup.events when all stand still. */
export const freezer: VersionFreezer = {
  file: 'cgroup.freeze',
  frozen: '1',
  thawed: '0',
  isFrozen: (read) => parseFlatKeyed(read('cgroup.events')).frozen === 1,
  watched: 'cgroup.events',
  interval: 1000,
}
