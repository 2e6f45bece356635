import type { Controller } from '../resources/controller.js'
import { cpu } from './cpu.js'
import { cpuset } from './cpuset.js'
import { hugetlb } from './hugetlb.js'
import { io } from './io.js'
import { memory } from './memory.js'
import { pids } from './pids.js'
import { rdma } from './rdma.js'

export const V2: readonly Controller[] = [memory, cpu, cpuset, pids, io, hugetlb, rdma]
