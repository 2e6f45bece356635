import { readFileSync, readlinkSync } from 'node:fs'
import { resolve } from 'node:path'
import { isUtf8, RtError, textFromBytes } from '@rt/sys'

/**
 * What rt was started with and where, byte for byte. Node has decoded its arguments, variables and directory as UTF-8
 * already, and put this character where it couldn't; the kernel still has the bytes. Where none was put nothing is read:
 * that is every start but a few.
 *
 * Bytes that are not UTF-8 come out escaped: see `textFromBytes` of @rt/sys.
 */
const LOSS = '\ufffd'

/**
 * rt's arguments: of Node's command line the last ones, whatever options of its own it has before.
 *
 * @throws RtError RT_UNSUPPORTED if the kernel's command line is another, so that nobody knows the bytes
 */
export function ownArguments(): string[] {
  const decoded = process.argv.slice(2)
  if (!decoded.some((word) => word.includes(LOSS))) return decoded
  const all = readFileSync('/proc/self/cmdline')
  // Each ends with a NUL.
  const words = textFromBytes(all).split('\0').slice(0, -1).slice(-decoded.length)
  const isSame = words.length === decoded.length && words.every((word, i) => asDecoded(word) === asDecoded(decoded[i]))
  if (isSame) return words
  throw new RtError('RT_UNSUPPORTED', 'an argument is not UTF-8, and /proc/self/cmdline does not show its bytes', {
    hint: 'something has changed the title of the process: give names in UTF-8',
  })
}

/** Lost bytes and escaped ones alike as one character: how many are lost is each decoder's own business. */
const asDecoded = (text = ''): string => text.replace(/[\udc80-\udcff\ufffd]+/gu, LOSS)

/** A variable of rt's own environment; undefined if it is not set. */
export function ownVariable(name: string): string | undefined {
  const decoded = process.env[name]
  const isLossless = decoded !== undefined && !decoded.includes(LOSS)
  if (isLossless || (decoded === undefined && !/[\udc80-\udcff]/u.test(name))) return decoded
  const entries = textFromBytes(readFileSync('/proc/self/environ')).split('\0')
  return entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? decoded
}

/**
 * Where rt was started. Asked for only where a path counts from it: it may be gone by now.
 *
 * @throws RtError RT_NOT_FOUND if it has been removed, or lies below a directory that can't be read any more
 */
function ownDirectory(): string {
  const decoded = workingDirectory()
  return decoded.includes(LOSS) ? textFromBytes(readlinkSync('/proc/self/cwd', { encoding: 'buffer' })) : decoded
}

function workingDirectory(): string {
  try {
    return process.cwd()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new RtError('RT_NOT_FOUND', `the working directory of rt is gone (getcwd: ${code})`, {
      cause,
      hint: 'change to another directory, or give an absolute path',
    })
  }
}

/** A path of the host, absolute and without `.` and `..`. */
export const absolute = (path: string): string => (path.startsWith('/') ? resolve(path) : resolve(ownDirectory(), path))

/** Is a path of the host, or `oci:PATH`, UTF-8 as a whole: with the directory that it counts from? */
export const isInUtf8 = (path: string): boolean =>
  isUtf8(path) &&
  ((path.startsWith('oci:') ? path.slice('oci:'.length) : path).startsWith('/') || isUtf8(ownDirectory()))
