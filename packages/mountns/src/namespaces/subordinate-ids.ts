import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { IdMapping } from './id-map.js'

/** Ids that a user may map: a line of /etc/subuid or /etc/subgid. */
export interface SubordinateRange {
  readonly first: number
  readonly count: number
}

/**
 * The ranges that /etc/subuid or /etc/subgid (subuid(5)) gives to a user. A line begins with the name or with the uid,
 * and both count; lines that are not of three fields are passed over, as newuidmap(1) does.
 *
 *     alice:100000:65536
 *     1000:200000:1000
 */
export function parseSubordinateIds(text: string, user: { name: string; uid: number }): SubordinateRange[] {
  return text.split('\n').flatMap((line) => {
    const [owner, first, count, more] = line.split(':')
    if (more !== undefined || !isNumber(first) || !isNumber(count)) return []
    const isOwner = (owner !== '' && owner === user.name) || (isNumber(owner) && Number(owner) === user.uid)
    return isOwner && Number(count) > 0 ? [{ first: Number(first), count: Number(count) }] : []
  })
}

const isNumber = (field: string | undefined): boolean => field !== undefined && /^\d+$/.test(field)

/**
 * The usual map of a plain user: root inside is the user, and the ids from 1 up are the granted ranges, one after the
 * other.
 */
export function subordinateMap(id: number, ranges: readonly SubordinateRange[]): IdMapping[] {
  const map: IdMapping[] = [{ containerID: 0, hostID: id, size: 1 }]
  let containerID = 1
  for (const { first, count } of ranges) {
    map.push({ containerID, hostID: first, size: count })
    containerID += count
  }
  return map
}

/** Empty for a user who is in no passwd, as containers of OpenShift have them: then only the uid counts. */
function nameOfUser(): string {
  try {
    return userInfo().username
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SYSTEM_ERROR') return ''
    throw error
  }
}

/** What the host grants the user who runs this process. Looks at /etc; a missing file grants nothing. */
export function readSubordinateIds(): { uid: SubordinateRange[]; gid: SubordinateRange[] } {
  const uid = process.getuid?.() ?? -1
  const name = nameOfUser()
  const read = (path: string): SubordinateRange[] => {
    try {
      return parseSubordinateIds(readFileSync(path, 'utf8'), { name, uid })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }
  return { uid: read('/etc/subuid'), gid: read('/etc/subgid') }
}
