import { ERRNO, errnoName, RtError } from '@rt/sys'
import type { Status } from '../extract/calls.js'

const CHOOSE = 'choose another with --root-dir'

/**
 * Something on the way to the cache, or in it, is another's.
 *
 * @param rootDir of the cache
 * @param what it is, in quotes
 * @param owner whose it should be
 */
export function othersCouldChange(rootDir: string, what: string, owner: string, { uid, mode }: Status): RtError {
  const found = `got owner ${uid} and mode 0${(mode & 0o7777).toString(8)}`
  return new RtError(
    'RT_UNSAFE',
    `cannot use the cache directory ${JSON.stringify(rootDir)}: others could change what is in it`,
    {
      origin: 'rootDir',
      hint: `${what}: expected owner ${owner} and no write permission for others, ${found}; repair it, or ${CHOOSE}`,
    },
  )
}

/** What an errno says of the type. */
const EXPECTED = new Map<number, string>([
  [ERRNO.ENOTDIR, 'expected a directory'],
  [ERRNO.ELOOP, 'expected a directory'],
  [ERRNO.EISDIR, 'expected a file'],
])

/** Something on the way to the cache, or in it, can't be made or opened. @param errno positive */
export function wrongPlace(rootDir: string, what: string, errno: number): RtError {
  const expected = EXPECTED.get(errno)
  const message = `cannot use the cache directory ${JSON.stringify(rootDir)}: ${what}: ${expected ?? errnoName(errno)}`
  return new RtError(expected === undefined ? 'RT_PERMISSION' : 'RT_WRONG_TYPE', message, {
    origin: 'rootDir',
    hint: expected === undefined ? CHOOSE : `remove ${what}, or ${CHOOSE}`,
  })
}
