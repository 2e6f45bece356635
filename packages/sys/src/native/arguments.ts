/**
 * What is wrong with an argument, told as Node's own functions tell it: a TypeError or RangeError with a `code`. In C a
 * float or a missing argument doesn't compile; here it would become some integer, 0 most often, which is stdin, or
 * the caller's own process group.
 */
export type ArgumentErrorCode =
  | 'ERR_INVALID_ARG_TYPE'
  | 'ERR_INVALID_ARG_VALUE'
  | 'ERR_MISSING_ARGS'
  | 'ERR_OUT_OF_RANGE'
  | 'ERR_UNKNOWN_SIGNAL'

/** What was given, in a few characters: `undefined`, `1.5`, `"text"`, `an array`. */
function received(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return `an object (${value.constructor?.name ?? 'no prototype'})`
  return Object.is(value, -0) ? '-0' : String(value)
}

/** @throws TypeError, or RangeError for a value of the right type, with `code` */
export function refuseArgument(code: ArgumentErrorCode, what: string, expected: string, value: unknown): never {
  const Kind = code === 'ERR_OUT_OF_RANGE' ? RangeError : TypeError
  throw Object.assign(new Kind(`expected ${what} to be ${expected}, got ${received(value)}`), { code })
}

const LOWEST = -(2 ** 31)
const HIGHEST = 2 ** 32 - 1

/**
 * An integer that the kernel takes in 32 bits: an fd, a pid, an id, a mode, flags. Beyond them it would be cut, and
 * 2^32 be 0.
 *
 * @param what the argument's name
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE
 */
export function integer(value: number, what: string): number {
  if (Number.isInteger(value) && value >= LOWEST && value <= HIGHEST) return value
  if (typeof value !== 'number') refuseArgument('ERR_INVALID_ARG_TYPE', what, 'an integer', value)
  refuseArgument('ERR_OUT_OF_RANGE', what, 'an integer of 32 bits', value)
}

/** @throws TypeError ERR_INVALID_ARG_TYPE: 0 and '' are no answers to a yes-or-no question */
export function boolean(value: boolean, what: string): boolean {
  if (typeof value === 'boolean') return value
  refuseArgument('ERR_INVALID_ARG_TYPE', what, 'true or false', value)
}

/** @throws TypeError ERR_INVALID_ARG_TYPE */
export function bytes(value: Uint8Array, what: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  refuseArgument('ERR_INVALID_ARG_TYPE', what, 'a Uint8Array', value)
}

/** @throws TypeError ERR_INVALID_ARG_TYPE for what is no object, or an array */
export function object<T extends object>(value: T, what: string): T {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  refuseArgument('ERR_INVALID_ARG_TYPE', what, 'an object', value)
}

/** @throws TypeError ERR_INVALID_ARG_TYPE for what is no array, or what `each` throws */
export function list<T>(value: readonly T[], what: string, each: (item: T, what: string) => unknown): readonly T[] {
  if (!Array.isArray(value)) refuseArgument('ERR_INVALID_ARG_TYPE', what, 'an array', value)
  for (const [index, item] of value.entries()) each(item, `${what}[${index}]`)
  return value
}

/** One of a table's words, as its value. @throws TypeError ERR_INVALID_ARG_VALUE */
export function oneOf<T>(table: Readonly<Record<string, T>>, word: string, what: string): T {
  if (typeof word === 'string' && Object.hasOwn(table, word)) return table[word] as T
  refuseArgument('ERR_INVALID_ARG_VALUE', what, `one of ${Object.keys(table).join(', ')}`, word)
}

const LOWEST_WORD = -(2n ** 63n)
const HIGHEST_WORD = 2n ** 64n - 1n

/**
 * An integer of 64 bits, as a bigint or as a number that is exact.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE
 */
export function word(value: number | bigint, what: string): number | bigint {
  if (Number.isSafeInteger(value)) return value
  if (typeof value === 'bigint') {
    if (value >= LOWEST_WORD && value <= HIGHEST_WORD) return value
  } else if (typeof value !== 'number') refuseArgument('ERR_INVALID_ARG_TYPE', what, 'an integer', value)
  refuseArgument('ERR_OUT_OF_RANGE', what, 'an integer of 64 bits (a bigint beyond 2^53)', value)
}
