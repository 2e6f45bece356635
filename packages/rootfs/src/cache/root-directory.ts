import { lstatSync, mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { RtError } from '@rt/sys'

/**
 * Where layers are kept unless `rootDir` says otherwise: /var/lib/rt for root, else $XDG_DATA_HOME/rt.
 *
 * @throws RtError RT_NOT_FOUND for a user who has no home directory
 */
export function defaultRootDir(): string {
  if (process.geteuid?.() === 0) return '/var/lib/rt'
  const dataHome = process.env.XDG_DATA_HOME
  // XDG Base Directory Specification: a relative path is to be ignored.
  return dataHome !== undefined && isAbsolute(dataHome) ? join(dataHome, 'rt') : join(home(), '.local/share/rt')
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

/**
 * Makes a directory of the cache. Nobody else may enter: layers hold set-user-ID programs, old ones with known holes
 * among them (CVE-2021-41091).
 *
 * @throws RtError RT_UNSAFE if it belongs to another user or others may write to it, RT_WRONG_TYPE if it is no directory
 */
export function makePrivateDirectory(path: string): void {
  const quoted = JSON.stringify(path)
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const kind = code === 'EEXIST' || code === 'ENOTDIR' ? 'RT_WRONG_TYPE' : 'RT_PERMISSION'
    throw new RtError(kind, `cannot make the cache directory ${quoted}: ${code}`, {
      origin: 'rootDir',
      hint: 'choose another with --root-dir',
      cause,
    })
  }
  const { uid, mode } = lstatSync(path)
  if (uid === process.geteuid?.() && (mode & 0o022) === 0) return
  throw new RtError('RT_UNSAFE', `cannot use the cache directory ${quoted}: others could change what is in it`, {
    origin: 'rootDir',
    hint: `expected owner ${process.geteuid?.()} and no write permission for others, got owner ${uid} and mode 0${(mode & 0o7777).toString(8)}`,
  })
}
