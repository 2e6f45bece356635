import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RtError } from '@rt/sys'
import { type AuthFile, parseAuthFile } from './auth-file.js'

/** Where a user's configuration is looked for. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv
  readonly home: string
  /** Of this process; undefined on Windows. */
  readonly uid: number | undefined
}

/**
 * The files that may hold credentials, the first that counts first (containers-auth.json(5); Docker's "configuration
 * files"). REGISTRY_AUTH_FILE names one, which is then the only one.
 */
export function authFilePaths({ environment, home, uid }: Surroundings): string[] {
  const { REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, DOCKER_CONFIG } = environment
  if (REGISTRY_AUTH_FILE) return [REGISTRY_AUTH_FILE]
  // On Linux podman login writes there, and it is gone after a restart; elsewhere there is no such folder.
  const runtime = XDG_RUNTIME_DIR
    ? [join(XDG_RUNTIME_DIR, 'containers', 'auth.json')]
    : uid === undefined
      ? []
      : [join('/run/containers', String(uid), 'auth.json')]
  return [
    ...runtime,
    join(XDG_CONFIG_HOME || join(home, '.config'), 'containers', 'auth.json'),
    join(DOCKER_CONFIG || join(home, '.docker'), 'config.json'),
  ]
}

/**
 * Reads those of the files that are there.
 *
 * @param required a missing file is an error: somebody has named it
 * @throws RtError RT_NOT_FOUND, RT_PERMISSION, RT_INVALID_CONFIG
 */
export function readAuthFiles(paths: readonly string[], required: boolean): AuthFile[] {
  return paths.flatMap((path) => {
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ENOTDIR') {
        const kind = code === 'EACCES' ? 'RT_PERMISSION' : 'RT_INVALID_CONFIG'
        throw new RtError(kind, `cannot read credentials: ${message}`, { cause: error })
      }
      if (!required) return []
      throw new RtError('RT_NOT_FOUND', `there is no file ${JSON.stringify(path)} with credentials`, { cause: error })
    }
    return [parseAuthFile(text, path)]
  })
}
