/**
 * Mounts in a namespace of their own, as steps of a plan: namespaces and their maps, root trees, bind mounts and file
 * systems, devices, masked and read-only paths. Building a step touches nothing; functions named `read…` and
 * `…Obstacles` look at the host.
 */
export { type MountInfo, parseMountinfo, textBytes as pathBytes } from '@rt/sys'
export { type DefaultMountsOptions, defaultMounts } from './default-mounts.js'
export { type DevOptions, dev } from './dev/dev.js'
export { type DeviceOptions, device } from './dev/device.js'
export { DEFAULT_DEVICES, type DeviceNode } from './dev/device-node.js'
export { type DevptsOptions, devpts } from './dev/devpts.js'
export { nullStreams } from './dev/null-streams.js'
export { readDevice } from './dev/read-device.js'
export { type HideOptions, hide } from './hardening/hide.js'
export { DEFAULT_MASKED_PATHS, maskedPaths } from './hardening/masked-paths.js'
export { readMaskedPaths } from './hardening/read-masked-paths.js'
export { DEFAULT_READONLY_PATHS, HOST_MODE_PATHS, readonlyPaths } from './hardening/readonly-paths.js'
export { readonlyRoot } from './hardening/readonly-root.js'
export { bind } from './mounts/bind.js'
export { type CgroupLayout, cgroupLayout } from './mounts/cgroup-layout.js'
export { type CgroupMountOptions, cgroupMount } from './mounts/cgroup-mount.js'
export { diffMountinfo, type MountinfoDifference } from './mounts/diff-mountinfo.js'
export { fileLimit } from './mounts/file-limit.js'
export { type FileMount, fileMounts } from './mounts/file-mounts.js'
export { mount } from './mounts/mount.js'
export type { Mount } from './mounts/mount-entry.js'
export { mqueue } from './mounts/mqueue.js'
export { overlay } from './mounts/overlay.js'
export { type PrivateProcOptions, type ProcOptions, privateProc, proc } from './mounts/proc.js'
export { shm } from './mounts/shm.js'
export { type SysfsOptions, sysfs } from './mounts/sysfs.js'
export { tmpfs } from './mounts/tmpfs.js'
export { hostId, type IdMapping } from './namespaces/id-map.js'
export { joinNamespaces, type NamespacePaths } from './namespaces/join-namespaces.js'
export { type NamespaceOptions, namespaces } from './namespaces/namespaces.js'
export {
  parseSubordinateIds,
  readSubordinateIds,
  type SubordinateRange,
  subordinateMap,
} from './namespaces/subordinate-ids.js'
export { sysctls } from './namespaces/sysctls.js'
export type { TimeOffsets } from './namespaces/time-namespace.js'
export type { UserNamespace } from './namespaces/user-namespace.js'
export { type Obstacle, userNamespaceObstacles } from './namespaces/user-namespace-obstacles.js'
export { MOUNT_OPTIONS, type MountOption } from './options/mount-options.js'
export {
  type Attributes,
  type Parameter,
  type ParsedMountOptions,
  parseMountOptions,
} from './options/parse-mount-options.js'
export { PROPAGATION, type Propagation, rootPropagation } from './options/propagation.js'
export { type DirectoryTreeOptions, directoryTree } from './tree/directory-tree.js'
export { type HostEntry, type HostTreeOptions, hostTree } from './tree/host-tree.js'
export type { OverlayLayers } from './tree/overlay-layers.js'
export { type OverlayTreeOptions, overlayTree } from './tree/overlay-tree.js'
export { readHostTree } from './tree/read-host-tree.js'
