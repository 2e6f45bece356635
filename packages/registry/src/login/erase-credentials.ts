import { refuseUnknownOptions } from '@rt/sys'
import { normalizedKey } from '../credentials/auth-file.js'
import { askHelper, tellHelper } from '../credentials/credential-helper.js'
import { type EditableAuthFile, openAuthFile, writeAuthFile } from '../credentials/edit-auth-file.js'
import { serverOf } from '../credentials/find-credentials.js'
import { parseRegistry } from '../reference/registry-name.js'
import { LOGIN_OPTIONS, type LoginOptions, loginFiles } from './login-options.js'
import type { StoredCredentials } from './store-credentials.js'

/**
 * Forgets the credentials for a registry: in all files that RegistryClient looks into, and in the helpers that they name.
 *
 * @param registry `localhost:5000`, `docker.io`
 * @returns where there were some; empty: nobody was logged in
 * @throws RtError RT_INVALID_OPTION; RT_HOOK if a helper fails; RT_INVALID_CONFIG, RT_PERMISSION for files
 */
export async function eraseCredentials(registry: string, options: LoginOptions = {}): Promise<StoredCredentials[]> {
  refuseUnknownOptions('eraseCredentials', options, LOGIN_OPTIONS)
  const name = parseRegistry(registry)
  const erased: StoredCredentials[] = []
  for (const path of loginFiles(options)) {
    const file = await openAuthFile(path)
    if (!file) continue
    const helper = file.read.helpers.get(name) ?? file.read.store
    if (helper !== undefined && (await eraseInHelper(helper, name, options.environment ?? process.env))) {
      erased.push({ file: path, helper })
    }
    const held = file.read.auths.has(name)
    if (!removeKeys(file, name)) continue
    await writeAuthFile(file)
    if (held) erased.push({ file: path, helper: undefined })
  }
  return erased
}

async function eraseInHelper(helper: string, name: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const server = serverOf(name)
  // Some helpers erase what isn't there without a word.
  const known = await askHelper(helper, server, environment)
  if (known === 'nothing' || known === 'not-installed') return false
  return (await tellHelper(helper, 'erase', server, server, environment)) === 'done'
}

/** @returns whether there was anything, be it what Docker leaves beside a helper's */
function removeKeys({ document: { auths = {} } }: EditableAuthFile, name: string): boolean {
  const keys = Object.keys(auths).filter((key) => normalizedKey(key) === name)
  for (const key of keys) delete auths[key]
  return keys.length > 0
}
