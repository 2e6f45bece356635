import { type Complaint, quote } from '@rt/sys'
import { refuse } from '../../complaints.js'

/** A user or a group as it was asked for. */
export type Principal = { readonly id: number } | { readonly name: string }

/** The user's part and the group's part of `USER[:GROUP]`. */
export interface UserSpec {
  readonly user: Principal
  readonly group?: Principal
}

/** The largest id: 2^32 - 1 is the kernel's "leave it as it is", which would mean root. */
export const LARGEST_ID = 2 ** 32 - 2

/**
 * Read `USER[:GROUP]`, each a name or a number. Digits are a number and never looked up as a name: an image whose passwd
 * calls uid 0 "1000" gains nothing (CVE-2026-46680). Signs, spaces, leading zeros and numbers that are no id are refused,
 * not guessed at (CVE-2026-30892). As in Docker `:5` is root with another group, and `1000:` is 1000 with its own.
 *
 * @throws RtError RT_INVALID_OPTION
 */
export function parseUserSpec(spec: string, path = '--user'): UserSpec {
  const [first = '', second, ...more] = spec.split(':')
  const parts = [first === '' && second !== undefined ? '0' : first, ...(second ? [second] : [])]
  const complaints: Complaint[] = []
  if (more.length > 0) complaints.push({ path, message: `${quote(spec)} has more than one colon` })
  const read = parts.map((part, i) => {
    const principal = parsePrincipal(part)
    if (typeof principal !== 'string') return principal
    complaints.push({ path, message: `${i === 0 ? 'user' : 'group'} ${quote(part)} ${principal}` })
    return undefined
  })
  refuse(`cannot run as user ${quote(spec)}`, complaints)
  const [user, group] = read as [Principal, Principal?]
  return group === undefined ? { user } : { user, group }
}

/** A name or an id, or what is wrong with it. */
export function parsePrincipal(text: string): Principal | string {
  if (text === '') return 'is empty'
  if (/^\d+$/.test(text)) {
    if (text.length > 1 && text.startsWith('0')) return 'begins with a zero'
    return Number(text) <= LARGEST_ID ? { id: Number(text) } : `is out of range: the largest id is ${LARGEST_ID}`
  }
  // + and - begin no name: they are NIS entries of passwd(5) and signs.
  if (/^[+-]/.test(text)) return `begins with ${quote(text.charAt(0))}`
  if (/[\s\p{Cc}/,]/u.test(text)) return 'is neither a number nor a name'
  return { name: text }
}
