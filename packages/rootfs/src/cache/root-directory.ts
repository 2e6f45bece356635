import { userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { RtError } from '@rt/sys'
import { CacheDirectory } from './cache-directory.js'

/**
 * Where layers are kept unless `rootDir` says otherwise: /var/lib/rt for root, else $XDG_DATA_HOME/rt.
 *
 * @throws RtError RT_NOT_FOUND for a user who has no home directory; RT_UNSUPPORTED if its name is not UTF-8: Node's decoding
 *   has changed it already
 */
export function defaultRootDir(): string {
  if (process.geteuid?.() === 0) return '/var/lib/rt'
  const dataHome = process.env.XDG_DATA_HOME
  // XDG Base Directory Specification: a relative path is to be ignored.
  const path = dataHome !== undefined && isAbsolute(dataHome) ? join(dataHome, 'rt') : join(home(), '.local/share/rt')
  if (!path.includes('\ufffd')) return path
  throw new RtError('RT_UNSUPPORTED', `cannot keep layers below ${JSON.stringify(path)}: the name is not UTF-8`, {
    origin: 'rootDir',
    hint: 'choose another place with --root-dir',
  })
}

/** $HOME, or passwd's where that is missing or empty. */
function home(): string {
  const given = process.env.HOME || homeInPasswd()
  if (given !== undefined && isAbsolute(given)) return given
  throw new RtError('RT_NOT_FOUND', 'there is no home directory to keep unpacked layers in', {
    origin: 'rootDir',
    hint: 'choose another with --root-dir, or set HOME',
  })
}

function homeInPasswd(): string | undefined {
  try {
    return userInfo().homedir
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SYSTEM_ERROR') return undefined
    throw error
  }
}

/**
 * Opens a directory below `rootDir`, made if it is missing. Nobody but root and the caller can have led it elsewhere, or
 * can: see {@link CacheDirectory}.
 *
 * @param rootDir absolute
 * @param names that lead there
 * @returns an fd, the caller's to close
 * @throws RtError RT_UNSAFE, RT_WRONG_TYPE, RT_PERMISSION, RT_INVALID_OPTION
 */
export const makeRootDir = (rootDir: string, ...names: readonly string[]): number =>
  new CacheDirectory(checkRootDir(rootDir)).make(...names)

/**
 * Refuses a path that overlay's options can't hold: they are taken apart at colons and commas.
 *
 * @throws RtError RT_INVALID_OPTION
 */
export function checkRootDir(path: string): string {
  if (!/[:,\\]/.test(path)) return path
  throw new RtError('RT_INVALID_OPTION', `cannot use the cache directory ${JSON.stringify(path)}`, {
    origin: 'rootDir',
    complaints: [{ path: 'rootDir', message: 'expected a path without ":", "," and "\\"' }],
  })
}
