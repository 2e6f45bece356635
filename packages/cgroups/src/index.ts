/**
 * cgroup v1, v2 and hybrid behind one interface: detect what a host has, make groups with limits, put a container or a
 * process into one, count, freeze, kill, remove.
 */

export { Cgroup, cgroup, type Waiting } from './cgroup.js'
export { type Action, type Creation, type CreationOptions, planCreation } from './create/plan-creation.js'
export { vacate } from './create/vacate.js'
export type { Group } from './group/group-path.js'
export { type CgroupMount, parseCgroupMounts } from './host/cgroup-mounts.js'
export { describeCgroups } from './host/describe-cgroups.js'
export { detectCgroups } from './host/detect-cgroups.js'
export type { CgroupHost, Hierarchy } from './host/host.js'
export { type Membership, parseProcCgroup } from './host/proc-cgroup.js'
export { type JoinOptions, join } from './join.js'
export { joinGroupsOf } from './join-groups-of.js'
export { type Amount, formatSize, parseSize, type Size } from './resources/amount.js'
export type { OptionNames } from './resources/complaints.js'
export { weightOfShares } from './resources/cpu-weight.js'
export { DEFAULT_DEVICES, type DeviceRule, formatDeviceRule } from './resources/device-rule.js'
export type { FieldPath } from './resources/field-path.js'
export type {
  CpuResources,
  CpusetResources,
  IoResources,
  IoThrottle,
  MemoryResources,
  PidsResources,
  RdmaResources,
  Resources,
} from './resources/resources.js'
export type {
  CgroupStats,
  CpuStats,
  HugetlbStats,
  IoStats,
  MemoryStats,
  PidsStats,
  RdmaStats,
} from './resources/stats.js'
export type { OomKill } from './watch/events.js'
