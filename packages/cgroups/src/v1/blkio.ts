import type { Hierarchy } from '../host/host.js'
import type { Controller, FileValue } from '../resources/controller.js'
import type { IoStats } from '../resources/stats.js'

const THROTTLES = [
  ['rbps', 'blkio.throttle.read_bps_device'],
  ['wbps', 'blkio.throttle.write_bps_device'],
  ['riops', 'blkio.throttle.read_iops_device'],
  ['wiops', 'blkio.throttle.write_iops_device'],
] as const

/** The CFQ scheduler's file went with it in Linux 5.0; since then only disks under BFQ have weights. */
const weightFile = ({ files }: Hierarchy): string =>
  files.includes('blkio.weight') ? 'blkio.weight' : 'blkio.bfq.weight'

/** cgroup v1 blkio, see Documentation/admin-guide/cgroup-v1/blkio-controller.rst. v2 calls it io. */
export const blkio: Controller = {
  name: 'blkio',

  set({ io: { weight, weightDevice = [], throttle = [] } = {} }, hierarchy) {
    const writes: FileValue[] = []
    const file = weightFile(hierarchy)
    if (weight !== undefined) writes.push({ file, value: String(weight), option: 'io.weight' })
    weightDevice.forEach(({ device, weight }, i) => {
      writes.push({ file: `${file}_device`, value: `${device} ${weight}`, option: `io.weightDevice[${i}]` })
    })
    throttle.forEach((caps, i) => {
      for (const [cap, file] of THROTTLES) {
        const value = caps[cap]
        // 0 takes a cap away.
        if (value !== undefined) {
          const written = `${caps.device} ${value === 'max' ? 0 : value}`
          writes.push({ file, value: written, option: `io.throttle[${i}].${cap}` })
        }
      }
    })
    return writes
  },

  stat(read) {
    const bytes = read('blkio.throttle.io_service_bytes_recursive')
    const operations = read('blkio.throttle.io_serviced_recursive')
    if (bytes === undefined) return {}
    const stats: Record<string, IoStats> = {}
    const add = (text: string, fields: Readonly<Record<string, keyof IoStats>>) => {
      for (const [, device, kind, value] of text.matchAll(/^(\d+:\d+) (Read|Write) (\d+)$/gm)) {
        const field = fields[kind as string] as keyof IoStats
        const known = stats[device as string] ?? { readBytes: 0, writtenBytes: 0, reads: 0, writes: 0 }
        stats[device as string] = { ...known, [field]: Number(value) }
      }
    }
    add(bytes, { Read: 'readBytes', Write: 'writtenBytes' })
    add(operations ?? '', { Read: 'reads', Write: 'writes' })
    return { io: stats }
  },
}
