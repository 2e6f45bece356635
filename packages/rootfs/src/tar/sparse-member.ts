import type { TarHeader } from './header.js'
import type { Member } from './member.js'
import { FieldError, parseNumberField } from './number-field.js'
import type { PaxSparse } from './pax-attributes.js'
import { readSparseTable, SparseMap, SparseMapText, sparseTableGoesOn } from './sparse.js'

/** A sparse file's map, as far as its headers have it. */
export interface SparseStart {
  readonly map: SparseMap
  /** Where the rest of the map is: nowhere, in blocks of the old format's table, or in text that precedes the data. */
  readonly rest: 'none' | 'table' | SparseMapText
}

/**
 * The map of a member that is a sparse file.
 *
 * @param block holds the member's header at `at`
 * @returns undefined if it is not sparse
 * @throws FieldError
 */
export function startSparse(
  header: TarHeader,
  member: Member,
  pax: PaxSparse | undefined,
  block: Uint8Array,
  at: number,
): SparseStart | undefined {
  if (member.type !== 'file') {
    if (pax) throw new FieldError(`a sparse map for a ${member.type}`)
    return undefined
  }
  if (header.type === 'S') {
    if (pax) throw new FieldError('a sparse file in two formats at once')
    const map = new SparseMap(parseNumberField(block, at + 483, 12, 'sparse file size'))
    const full = readSparseTable(map, block, at + 386, 4)
    return { map, rest: sparseTableGoesOn(full, block[at + 482]!) ? 'table' : 'none' }
  }
  return pax && startPaxSparse(member, pax)
}

/** GNU's pax formats: 0.0 and 0.1 have the map in the header, 1.0 before the data. */
function startPaxSparse({ dataSize }: Member, { major, minor, realSize, numbers, pairs }: PaxSparse): SparseStart {
  if (realSize === undefined) throw new FieldError('bad sparse map: the file’s size is missing')
  const map = new SparseMap(realSize)
  if (major === 1 && minor === 0) {
    if (dataSize === 0) throw new FieldError('bad sparse map: it is missing')
    if (numbers) throw new FieldError('bad sparse map: there are two')
    return { map, rest: new SparseMapText(map) }
  }
  if (major !== undefined && major !== 0) throw new FieldError(`unknown sparse format ${major}.${minor ?? 0}`)
  // Some readers take it for a file without data, others for one that is not sparse.
  if (!numbers) throw new FieldError('bad sparse map: it is missing')
  if (numbers.length % 2 !== 0) throw new FieldError('bad sparse map: an odd count of numbers')
  if (pairs !== numbers.length / 2) {
    throw new FieldError(`bad sparse map: ${pairs ?? 'no'} runs are announced, ${numbers.length / 2} given`)
  }
  for (let pair = 0; pair < numbers.length; pair += 2) map.add(numbers[pair]!, numbers[pair + 1]!)
  return { map, rest: 'none' }
}
