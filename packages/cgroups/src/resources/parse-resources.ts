import type { Complaint } from '@rt/sys'
import { type Amount, formatSize, parseSize, type Size } from './amount.js'
import { type OptionNames, refuse } from './complaints.js'
import type { DeviceRule } from './device-rule.js'
import type { CpuResources, IoResources, IoThrottle, Limits, MemoryResources, Resources } from './resources.js'

/** PID_MAX_LIMIT of include/linux/threads.h: pids.max takes no more. */
const MOST_PIDS = 4_194_304
/** rdma.max is a C int. */
const MOST_RDMA = 2 ** 31 - 1

/** Collects what is wrong, so that all of it can be said at once. */
class Check {
  readonly complaints: Complaint[] = []

  complain(path: string, message: string): void {
    this.complaints.push({ path, message })
  }

  size(path: string, size: Size | undefined): Amount | undefined {
    if (size === undefined) return undefined
    const bytes = parseSize(size)
    if (bytes === undefined) {
      this.complain(path, `expected a size such as 64M, 1.5g or a number of bytes, got ${JSON.stringify(size)}`)
    }
    return bytes
  }

  range(path: string, value: Amount | undefined, least: number, most: number, max?: 'max'): void {
    if (value === undefined || (value === 'max' && max)) return
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return
    const upTo = most === Number.MAX_SAFE_INTEGER ? ` from ${least}` : ` from ${least} to ${most}`
    this.complain(path, `expected a whole number${upTo}${max ? ' or "max"' : ''}, got ${JSON.stringify(value)}`)
  }

  matches(path: string, value: string | undefined, pattern: RegExp, expected: string): void {
    if (value === undefined || pattern.test(value)) return
    this.complain(path, `expected ${expected}, got ${JSON.stringify(value)}`)
  }
}

/** A swap limit counts memory too, so it cannot be lower; and without a memory limit there is nothing to count. */
function memory(check: Check, given: MemoryResources): MemoryResources<Amount> {
  const [max, swap, reservation] = [
    check.size('memory.max', given.max),
    check.size('memory.swap', given.swap),
    check.size('memory.reservation', given.reservation),
  ]
  if (typeof swap === 'number') {
    if (given.max === undefined) {
      check.complain('memory.swap', 'set memory.max too: this limit is for memory and swap together')
    } else if (max === 'max' || (max !== undefined && swap < max)) {
      const least = `memory.max (${formatSize(max)})`
      check.complain('memory.swap', `expected at least ${least}, got ${formatSize(swap)}: it counts memory and swap`)
    }
  }
  if (typeof max === 'number' && reservation !== undefined && (reservation === 'max' || reservation > max)) {
    const most = `memory.max (${formatSize(max)})`
    check.complain('memory.reservation', `expected at most ${most}, got ${formatSize(reservation)}`)
  }
  return { max, swap, reservation }
}

function cpu(check: Check, { shares, quota, period, burst, idle }: CpuResources): void {
  check.range('cpu.shares', shares, 2, 262_144)
  check.range('cpu.quota', quota, 1000, Number.MAX_SAFE_INTEGER, 'max')
  check.range('cpu.period', period, 1000, 1_000_000)
  check.range('cpu.burst', burst, 0, Number.MAX_SAFE_INTEGER)
  if (burst && typeof quota === 'number' && burst > quota) {
    check.complain('cpu.burst', `expected at most cpu.quota (${quota}), got ${burst}`)
  }
  if (idle && shares !== undefined) {
    check.complain('cpu.idle', 'an idle group has no cpu.shares: leave one of them out')
  }
}

const LIST = /^\d+(-\d+)?(,\d+(-\d+)?)*$/
const DEVICE = /^\d+:\d+$/

function io(check: Check, given: IoResources): IoResources<Amount> {
  check.range('io.weight', given.weight, 10, 1000)
  given.weightDevice?.forEach(({ device, weight }, i) => {
    check.matches(`io.weightDevice[${i}].device`, device, DEVICE, 'MAJOR:MINOR')
    check.range(`io.weightDevice[${i}].weight`, weight, 10, 1000)
  })
  const throttle = given.throttle?.map((each, i): IoThrottle<Amount> => {
    const path = `io.throttle[${i}]`
    check.matches(`${path}.device`, each.device, DEVICE, 'MAJOR:MINOR')
    check.range(`${path}.riops`, each.riops, 1, Number.MAX_SAFE_INTEGER, 'max')
    check.range(`${path}.wiops`, each.wiops, 1, Number.MAX_SAFE_INTEGER, 'max')
    const bytes = { rbps: check.size(`${path}.rbps`, each.rbps), wbps: check.size(`${path}.wbps`, each.wbps) }
    check.range(`${path}.rbps`, bytes.rbps, 1, Number.MAX_SAFE_INTEGER, 'max')
    check.range(`${path}.wbps`, bytes.wbps, 1, Number.MAX_SAFE_INTEGER, 'max')
    return { ...each, ...bytes }
  })
  return { ...given, throttle }
}

function hugetlb(check: Check, given: Readonly<Record<string, Size>>): Record<string, Amount> {
  const sizes: Record<string, Amount> = {}
  for (const [pageSize, limit] of Object.entries(given)) {
    check.matches(`hugetlb.${pageSize}`, pageSize, /^\d+[KMG]B$/, 'a page size such as 2MB or 1GB')
    const bytes = check.size(`hugetlb.${pageSize}`, limit)
    if (bytes !== undefined) sizes[pageSize] = bytes
  }
  return sizes
}

function devices(check: Check, rules: readonly DeviceRule[]): void {
  rules.forEach(({ type, major, minor, access }, i) => {
    check.matches(`devices[${i}].type`, type, /^[abc]$/, '"a", "b" or "c"')
    check.matches(`devices[${i}].access`, access, /^(?!.*(.).*\1)[rwm]+$/, 'some of r, w, m, each once')
    check.range(`devices[${i}].major`, major, 0, 2 ** 31 - 1)
    check.range(`devices[${i}].minor`, minor, 0, 2 ** 31 - 1)
    if (type === 'a' && (major !== undefined || minor !== undefined)) {
      check.complain(`devices[${i}].type`, 'expected "b" or "c" beside a number: "a" stands for all devices')
    }
  })
}

/** Files that make, move or kill: not limits, and rt keeps them to itself. */
const OWN_FILES = /^cgroup\.(procs|threads|type|kill|freeze|subtree_control)$/

function unified(check: Check, files: Readonly<Record<string, string>>): void {
  for (const [file, value] of Object.entries(files)) {
    const path = `unified[${JSON.stringify(file)}]`
    if (!/^[a-z0-9_]+(\.[A-Za-z0-9_-]+)+$/.test(file)) {
      check.complain(path, 'expected the name of a cgroup v2 file, such as memory.high')
    } else if (OWN_FILES.test(file)) check.complain(path, `${file} is not a limit`)
    check.matches(path, value, /^[^\0]+$/, 'text to write')
  }
}

/**
 * Check resources and read their sizes. No host is looked at; what a host can't do is said by {@link planCreation}.
 *
 * @param names options by which a user asked, for the complaints
 * @throws RtError RT_INVALID_OPTION with everything that is wrong
 */
export function parseResources(resources: Resources, names?: OptionNames): Limits {
  const check = new Check()
  const limits: Limits = {
    ...resources,
    memory: resources.memory && memory(check, resources.memory),
    io: resources.io && io(check, resources.io),
    hugetlb: resources.hugetlb && hugetlb(check, resources.hugetlb),
  }
  if (resources.cpu) cpu(check, resources.cpu)
  check.matches('cpuset.cpus', resources.cpuset?.cpus, LIST, 'a list such as 0-2,4')
  check.matches('cpuset.mems', resources.cpuset?.mems, LIST, 'a list such as 0-2,4')
  check.range('pids.max', resources.pids?.max, 0, MOST_PIDS, 'max')
  for (const [device, { hca_handle, hca_object }] of Object.entries(resources.rdma ?? {})) {
    check.matches(`rdma.${device}`, device, /^\S+$/, 'the name of an RDMA device')
    check.range(`rdma.${device}.hca_handle`, hca_handle, 0, MOST_RDMA, 'max')
    check.range(`rdma.${device}.hca_object`, hca_object, 0, MOST_RDMA, 'max')
  }
  if (resources.devices) devices(check, resources.devices)
  if (resources.unified) unified(check, resources.unified)
  refuse('RT_INVALID_OPTION', 'these resource limits make no sense', check.complaints, names)
  return limits
}
