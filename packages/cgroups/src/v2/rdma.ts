import type { Controller } from '../resources/controller.js'
import { rdma as v1 } from '../v1/rdma.js'

/** cgroup v2 rdma: files and formats are v1's; see "RDMA" in Documentation/admin-guide/cgroup-v2.rst. */
export const rdma: Controller = { ...v1 }
