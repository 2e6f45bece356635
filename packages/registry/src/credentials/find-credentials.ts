import { RtError } from '@rt/sys'
import { DOCKER_HUB, DOCKER_HUB_CREDENTIALS, isDockerHub } from '../reference/docker-hub.js'
import type { AuthFile } from './auth-file.js'
import { askHelper } from './credential-helper.js'
import type { Credentials } from './credentials.js'

/**
 * Finds the credentials for a repository: the first file that has an answer counts, and in it the most specific key:
 * `HOST/a/b`, `HOST/a`, `HOST`. At each key a helper of its own comes before what the file holds, and at the host the
 * `credsStore` too.
 *
 * @param host as references spell it
 * @param onWarning told of a credsStore that isn't installed, which means anonymous
 * @returns undefined: anonymous. So does a helper that has nothing
 * @throws RtError RT_NOT_FOUND for a helper of `credHelpers` that isn't installed: somebody chose it for this host
 */
export async function findCredentials(
  files: readonly AuthFile[],
  host: string,
  repository: string,
  environment: NodeJS.ProcessEnv,
  onWarning: (message: string) => void,
): Promise<Credentials | undefined> {
  const name = isDockerHub(host) ? DOCKER_HUB : host
  for (const file of files) {
    const found = await inFile(file, name, repository, environment, onWarning)
    if (found === 'anonymous') return undefined
    if (found !== undefined) return found
  }
  return undefined
}

async function inFile(
  file: AuthFile,
  host: string,
  repository: string,
  environment: NodeJS.ProcessEnv,
  onWarning: (message: string) => void,
): Promise<Credentials | 'anonymous' | undefined> {
  for (const key of keysOf(host, repository)) {
    const helper = file.helpers.get(key)
    if (helper !== undefined) {
      const answer = await askHelper(helper, serverOf(key), environment)
      if (answer === 'not-installed') throw notInstalled(helper, key, file)
      return answer === 'nothing' ? 'anonymous' : answer
    }
    if (key === host && file.store !== undefined) {
      const answer = await askHelper(file.store, serverOf(host), environment)
      if (answer === 'not-installed') {
        onWarning(`docker-credential-${file.store}, the credsStore of ${JSON.stringify(file.path)}, is not installed`)
      } else if (answer !== 'nothing') return answer
    }
    const entry = file.auths.get(key)
    if (entry) return entry
  }
  return undefined
}

/** `HOST/a/b`, `HOST/a`, `HOST` */
function keysOf(host: string, repository: string): string[] {
  const parts = repository.split('/')
  return [...parts.map((_, index) => [host, ...parts.slice(0, parts.length - index)].join('/')), host]
}

/** What a helper is asked for. */
export const serverOf = (key: string): string => (key === DOCKER_HUB ? DOCKER_HUB_CREDENTIALS : key)

const notInstalled = (helper: string, key: string, { path }: AuthFile): RtError =>
  new RtError('RT_NOT_FOUND', `docker-credential-${helper}, which has the credentials for ${key}, is not installed`, {
    hint: `install it, or take ${JSON.stringify(key)} out of "credHelpers" in ${JSON.stringify(path)}`,
  })
