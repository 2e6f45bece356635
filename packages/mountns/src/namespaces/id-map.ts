import type { Complaint } from '@rt/sys'

/** A range of ids and what it is outside: a line of uid_map, in the words of OCI's linux.uidMappings. */
export interface IdMapping {
  /** First id in the container. */
  readonly containerID: number
  /** The id outside (in the parent user namespace) that it is. */
  readonly hostID: number
  /** How many ids. */
  readonly size: number
}

/** The kernel takes 340 lines (Linux 4.15), and no more text than fits a page less its last byte. */
const LINES = 340
const BYTES = 4095
/** 2^32 - 1 is "no id" to all calls. */
const LAST_ID = 0xfffffffe

/** The text of a uid_map: `0 100000 65536`, a line per range. */
export const idMapText = (map: readonly IdMapping[]): string =>
  map.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join('')

/** The id that the set-up process becomes: root of the container, or the first id there is. */
export const firstId = (map: readonly IdMapping[]): number =>
  map.some(({ containerID }) => containerID === 0) ? 0 : (map[0]?.containerID ?? 0)

/** What the kernel would answer with a bare EINVAL; user_namespaces(7), "Defining user and group ID mappings". */
export function checkIdMap(path: string, map: readonly IdMapping[]): Complaint[] {
  const complaints: Complaint[] = []
  if (map.length === 0) complaints.push({ path, message: 'expected at least one range, got none' })
  if (map.length > LINES) complaints.push({ path, message: `expected at most ${LINES} ranges, got ${map.length}` })
  else if (idMapText(map).length > BYTES) complaints.push({ path, message: `the map is longer than ${BYTES} bytes` })
  for (const [index, range] of map.entries()) {
    const problem = complaintAbout(range, map.slice(0, index))
    if (problem) complaints.push({ path: `${path}[${index}]`, message: problem })
  }
  return complaints
}

function complaintAbout(range: IdMapping, earlier: readonly IdMapping[]): string | undefined {
  for (const key of ['containerID', 'hostID', 'size'] as const) {
    const value = range[key]
    const most = key === 'size' ? LAST_ID + 1 : LAST_ID
    if (!Number.isInteger(value) || value < 0 || value > most)
      return `expected ${key} to be at most ${most}, got ${value}`
  }
  if (range.size === 0) return 'expected a size of at least 1, got 0'
  if (Math.max(range.containerID, range.hostID) + range.size - 1 > LAST_ID) {
    return `the range ends beyond the last id, ${LAST_ID}`
  }
  for (const key of ['containerID', 'hostID'] as const) {
    if (earlier.some((other) => other[key] < range[key] + range.size && range[key] < other[key] + other.size)) {
      return `the range overlaps an earlier one by its ${key}`
    }
  }
  return undefined
}

/** The id outside for an id of the container; undefined if it has none. */
export function hostId(map: readonly IdMapping[], id: number): number | undefined {
  const range = map.find(({ containerID, size }) => id >= containerID && id < containerID + size)
  return range && range.hostID + id - range.containerID
}
