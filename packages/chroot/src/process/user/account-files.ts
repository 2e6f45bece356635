import { LARGEST_ID } from './user-spec.js'

/**
 * A line of passwd(5). Text is latin1: one character per byte, so that no byte is lost and none is taken for another.
 *
 *     root:x:0:0:root:/root:/bin/sh
 *     (1)  (2) (3)(4)(5) (6) (7)
 */
export interface Account {
  readonly name: string // (1)
  readonly uid: number // (3)
  readonly gid: number // (4)
  readonly home: string // (6)
}

/** A line of group(5): `video:x:44:alice,bob`. Text as in {@link Account}. */
export interface Group {
  readonly name: string
  readonly gid: number
  readonly members: readonly string[]
}

/** The lines of a passwd file that are well-formed, in their order; the first of a name or id counts. */
export function parsePasswd(bytes: Uint8Array): Account[] {
  return lines(bytes).flatMap((line) => {
    const [name = '', , uid, gid, , home = ''] = line.split(':')
    const ids = [parseId(uid), parseId(gid)]
    return name === '' || ids[0] === undefined || ids[1] === undefined ? [] : [{ name, uid: ids[0], gid: ids[1], home }]
  })
}

/** The lines of a group file that are well-formed, in their order. */
export function parseGroup(bytes: Uint8Array): Group[] {
  return lines(bytes).flatMap((line) => {
    const [name = '', , id, members = ''] = line.split(':')
    const gid = parseId(id)
    return name === '' || gid === undefined ? [] : [{ name, gid, members: members.split(',').filter(Boolean) }]
  })
}

const lines = (bytes: Uint8Array): string[] => Buffer.from(bytes).toString('latin1').split('\n')

/** Digits within the range of ids. Anything else makes no line, as with the C library: an empty uid is not 0. */
function parseId(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined
  const id = Number(text)
  return id <= LARGEST_ID ? id : undefined
}
