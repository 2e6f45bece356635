import type { Controller } from '../resources/controller.js'
import { blkio } from './blkio.js'
import { cpu } from './cpu.js'
import { cpuacct } from './cpuacct.js'
import { cpuset } from './cpuset.js'
import { devices } from './devices.js'
import { hugetlb } from './hugetlb.js'
import { memory } from './memory.js'
import { pids } from './pids.js'
import { rdma } from './rdma.js'

export const V1: readonly Controller[] = [memory, cpu, cpuacct, cpuset, pids, blkio, hugetlb, rdma, devices]
