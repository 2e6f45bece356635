import type { Controller } from '../controller.js'

/**
 * cgroup v2 has no files for devices: a BPF program asked at every open and mknod decides, see device-program.ts and
 * "Device controller" in Documentation/admin-guide/cgroup-v2.rst. It needs no controller to be enabled.
 */
export const devices: Controller = {
  name: 'devices',
  isSet: ({ devices }) => devices !== undefined && devices.length > 0,
  set: () => [],
}
