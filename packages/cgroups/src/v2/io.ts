import { parseNestedKeyed } from '../group/cgroup-text.js'
import type { Controller, FileValue } from '../resources/controller.js'
import type { IoStats } from '../resources/stats.js'

const CAPS = ['rbps', 'wbps', 'riops', 'wiops'] as const

/**
 * io.weight (1 to 10000) for a blkio weight (10 to 1000), linear from end to end as runc and crun have it: 100 becomes
 * 910, the kernel's default is 100.
 */
const ioWeight = (weight: number): number => 1 + Math.floor(((weight - 10) * 9999) / 990)

/** cgroup v2 io, see "IO" in Documentation/admin-guide/cgroup-v2.rst. v1 calls it blkio. */
export const io: Controller = {
  name: 'io',

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
