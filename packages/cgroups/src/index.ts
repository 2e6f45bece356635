/**
 * cgroup v1, v2 and hybrid behind one interface: detect what a host has, make groups with limits, put a container or a
 * process into one, count, freeze, kill, remove.
 */
export { type Amount, formatSize, parseSize, type Size } from './amount.js'
export { Cgroup, cgroup, type Waiting } from './cgroup.js'
export { type CgroupMount, parseCgroupMounts } from './cgroup-mounts.js'
export type { OptionNames } from './complaints.js'
export { weightOfShares } from './cpu-weight.js'
export { describeCgroups } from './describe-cgroups.js'
export { detectCgroups } from './detect-cgroups.js'
export { DEFAULT_DEVICES, type DeviceRule, formatDeviceRule } from './device-rule.js'
export type { OomKill } from './events.js'
export type { FieldPath } from './field-path.js'
export type { Group } from './group-path.js'
export type { CgroupHost, Hierarchy } from './host.js'
export { type JoinOptions, join } from './join.js'
export { joinGroupsOf } from './join-groups-of.js'
export { type Action, type Creation, type CreationOptions, planCreation } from './plan-creation.js'
export { type Membership, parseProcCgroup } from './proc-cgroup.js'
export type {
  CpuResources,
  CpusetResources,
  IoResources,
  IoThrottle,
  MemoryResources,
  PidsResources,
  RdmaResources,
  Resources,
} from './resources.js'
export type {
  CgroupStats,
  CpuStats,
  HugetlbStats,
  IoStats,
  MemoryStats,
  PidsStats,
  RdmaStats,
} from './stats.js'
export { vacate } from './vacate.js'
