import type { Complaint } from '@rt/sys'
import { parseNestedKeyed } from '../cgroup-text.js'
import type { Controller, FileValue } from '../controller.js'
import { lacks } from '../host.js'
import type { IoStats } from '../stats.js'

const CAPS = ['rbps', 'wbps', 'riops', 'wiops'] as const

/**
 * io.weight (1 to 10000) for a blkio weight (10 to 1000), linear from end to end as runc and crun have it: 100 becomes
 * 910, the kernel's default is 100.
 */
const ioWeight = (weight: number): number => 1 + Math.floor(((weight - 10) * 9999) / 990)

/** cgroup v2 io, see "IO" in Documentation/admin-guide/cgroup-v2.rst. v1 calls it blkio. */
export const io: Controller = {
  name: 'io',
  isSet: ({ io }) => [io?.weight, io?.weightDevice?.[0], io?.throttle?.[0]].some((value) => value !== undefined),

  set({ io: { weight, weightDevice = [], throttle = [] } = {} }, { files }) {
    const writes: FileValue[] = []
    // Disks under the BFQ scheduler have weights of their own, in blkio's range; io.weight is iocost's.
    const bfq = files.includes('io.bfq.weight')
    const iocost = files.includes('io.weight') || !bfq
    const weigh = (device: string | undefined, weight: number, option: string) => {
      if (bfq) writes.push({ file: 'io.bfq.weight', value: `${device ? `${device} ` : ''}${weight}`, option })
      if (iocost) writes.push({ file: 'io.weight', value: `${device ?? 'default'} ${ioWeight(weight)}`, option })
    }
    if (weight !== undefined) weigh(undefined, weight, 'io.weight')
    weightDevice.forEach(({ device, weight }, i) => {
      weigh(device, weight, `io.weightDevice[${i}]`)
    })
    throttle.forEach((caps, i) => {
      const set = CAPS.filter((cap) => caps[cap] !== undefined).map((cap) => `${cap}=${caps[cap]}`)
      if (set.length === 0) return
      writes.push({ file: 'io.max', value: [caps.device, ...set].join(' '), option: `io.throttle[${i}]` })
    })
    return writes
  },

  unsupported({ io }, hierarchy): Complaint[] {
    const complaints: Complaint[] = []
    if (io?.throttle?.length && lacks(hierarchy, 'io.max', 'io.stat')) {
      complaints.push({ path: 'io.throttle', message: 'this kernel was built without CONFIG_BLK_DEV_THROTTLING' })
    }
    const weights = hierarchy.files.includes('io.bfq.weight') || !lacks(hierarchy, 'io.weight', 'io.stat')
    if ((io?.weight !== undefined || io?.weightDevice?.length) && !weights) {
      const message = 'this kernel has neither iocost (CONFIG_BLK_CGROUP_IOCOST) nor the BFQ scheduler loaded'
      complaints.push({ path: io.weight === undefined ? 'io.weightDevice' : 'io.weight', message })
    }
    return complaints
  },

  stat(read) {
    const text = read('io.stat')
    if (text === undefined) return {}
    const stats: Record<string, IoStats> = {}
    for (const [device, fields] of Object.entries(parseNestedKeyed(text))) {
      stats[device] = {
        readBytes: Number(fields.rbytes ?? 0),
        writtenBytes: Number(fields.wbytes ?? 0),
        reads: Number(fields.rios ?? 0),
        writes: Number(fields.wios ?? 0),
      }
    }
    return { io: stats }
  },
}
